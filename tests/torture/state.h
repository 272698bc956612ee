// What grantd's database holds, as plain rows: read by SQL of its own, so that the checker does not
// rest on what it checks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grant::test {

struct StoredUse {
  int64_t id = 0;
  std::string grant_id;  // empty where the signer has no policy
  std::string digest;
  std::string outcome;
};

struct StoredGrant {
  std::string id;
  std::string request_id;
  int64_t max_signings = 0;
  int64_t used = 0;
  bool ended = false;  // revoked or released
};

struct StoredRequest {
  std::string id;
  std::string status;
  std::string grant_id;  // empty where there is none
};

struct StoredDecision {
  std::string request_id;
  std::string approver;
};

struct StoredEntry {
  int64_t number = 0;
  std::string event;
  std::string subject;
  int64_t use = 0;  // that its detail names; else 0
};

struct State {
  int64_t schema_version = 0;
  int64_t rules_version = 0;
  std::vector<StoredUse> uses;
  std::vector<StoredGrant> grants;
  std::vector<StoredRequest> requests;
  std::vector<StoredDecision> decisions;
  std::vector<StoredEntry> audit;          // in order
  std::optional<std::string> chain_fault;  // what the verification of the audit chain found
};

// One snapshot, of a database that grantd may have open. Throws std::runtime_error.
State ReadState(const std::string& state_dir);

}  // namespace grant::test
