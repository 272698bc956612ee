// Grant secrets on their way from grantd's answer to the user, without copies left behind.
#pragma once

#include <string>

#include "tools/grantctl/output.h"

namespace grant::ctl {

// Cuts the secret out of an answer's text, of which it is the last member; empty where there is
// none. What is left is the object without it.
std::string TakeSecret(std::string& answer);

// Tells people the secret; as JSON it belongs to the object, see PrintWithSecret().
void TellSecret(Context& context, const std::string& secret);

// The object as JSON, with the secret as its last member.
void PrintWithSecret(Context& context, const Json& object, const std::string& secret);

// Keeps what this process knows from being written to the disk if it crashes.
void ForbidCoreDumps();

}  // namespace grant::ctl
