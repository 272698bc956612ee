// Who works with which keys while grantd is killed.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/e2e/world.h"
#include "tests/torture/signer.h"

namespace grant::test::scenario {

std::vector<KeyToMake> Keys();

// Those with a grant more often than the one that needs none, because that is always to be had.
std::vector<SigningKey> SigningKeys();

// Those that need a grant, of which two of three people approve, or the one user that there is.
std::vector<std::string> CountedSigners();
// That one of them whose requests expire within a second.
std::string BriefSigner();

// Two versions that differ in nothing that matters.
std::vector<std::string> Rules();

// The users of the approvers' processes; 0 is the user of this one.
std::vector<uid_t> Approvers();

}  // namespace grant::test::scenario
