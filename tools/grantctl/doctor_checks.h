// What `grantctl doctor` looks at.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tools/grantctl/failure.h"
#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"
#include "tools/grantctl/socket_state.h"

namespace grant::ctl {

enum class Health { kOk, kWarning, kWrong };

// What one check says of one thing.
struct Finding {
  std::string name;  // "token/prod"
  Health health = Health::kOk;
  std::string sentence;
  std::string hint;  // none where it is well
};

using Findings = std::vector<Finding>;

// `name` is "api" or "gate"; `self` is who asks.
Finding CheckSocket(const std::string& name, const std::string& path, const SocketState& state,
                    uid_t self);

// Of GET /v1/whoami: who grantd takes the caller for.
Finding CheckCaller(const Json& standing);

// Of GET /v1/ready: the whole in one sentence.
Finding CheckReady(const Outcome<Json>& answer);

// Of GET /v1/doctor, or of what GET /v1/health has in common with it; in "seal" there is GET
// /v1/seal, where the caller may know that.
Findings CheckReport(const Json& report, Instant now);

// The parts of the report about files, disks and the database (doctor_system_checks.cc); none where
// the report lacks them.
Findings CheckConfiguration(const Json& report, Instant now);
Findings CheckSeal(const Json& report, Instant now);
Findings CheckTokens(const Json& report, Instant now);
Findings CheckDisks(const Json& report, Instant now);
Findings CheckDatabase(const Json& report, Instant now);
Findings CheckBackups(const Json& report, Instant now);

}  // namespace grant::ctl
