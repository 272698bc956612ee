// People who ask, decide, revoke and change the rules through the API, and record what they are
// answered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/crew.h"
#include "tests/torture/records.h"

namespace grant::test {

struct PersonOptions {
  std::string api;        // the path of the socket
  std::string principal;  // as whom grantd knows them
  uint64_t seed = 0;
};

// For a Worker: each shift goes on until grantd is gone. A requester, who is an administrator too,
// keeps requests for these signers open, cancels some, ends grants, and applies these
// rules in turn now and then.
Worker::Prepare RequesterWork(const PersonOptions& options, const std::vector<std::string>& signers,
                              const std::vector<std::string>& rules, const Records& records);
// Approves most of what waits for them, rejects some and comments on some; of the requests for
// `ignored_signer` some are never decided on.
Worker::Prepare ApproverWork(const PersonOptions& options, const std::string& ignored_signer,
                             const Records& records);

}  // namespace grant::test
