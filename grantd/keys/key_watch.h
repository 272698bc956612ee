// Watches the keys of the signers in force, from the start of grantd on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "grantd/domain/time.h"
#include "grantd/keys/key_auditor.h"
#include "grantd/store/store.h"

namespace grant {

struct KeyWatchTimes {
  std::chrono::milliseconds first_look{2'000};  // how long a start waits for the user database
  std::chrono::milliseconds new_rules{2'000};   // how often it asks for them
  std::chrono::milliseconds keys{60'000};       // how often it looks at all
};

// A thread that examines every signer: at once, again when the rules have changed, and every
// minute, so that a token that comes late is examined, too. What it sees from outside goes to the
// key directory, which stops the signers concerned. That one is stopped or goes on is logged and in
// the audit, compared with what the audit says of it from an earlier run.
//
// The user database may be slow. Until it has told who a signer's users are, the signer is judged
// as if they were anybody but root and grantd's own user, and were in any group. Where it stops
// telling under the same rules, what it told last goes on to count.
class KeyWatch {
 public:
  // Looks at modes of files before it returns, and waits a little for the user database. All are
  // borrowed.
  KeyWatch(Store& store, KeyDirectory& keys, KeyAuditor& auditor, std::function<Time()> clock,
           KeyWatchTimes times = {});
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;
  ~KeyWatch();

 private:
  void Run();
  Result<RulesVersion> CurrentRules();
  Result<bool> AreNewRules();
  void Round();
  Around LookAround(const RulesVersion& rules);
  // What stopped the signer when grantd last said so; empty where it did not, or nothing does.
  Result<std::string> LastNoted(const std::string& signer);
  void Note(const Signer& signer, const std::vector<KeyFinding>& standing);

  Store& store_;
  KeyDirectory& keys_;
  KeyAuditor& auditor_;
  const std::function<Time()> clock_;
  const KeyWatchTimes times_;
  int64_t rules_version_ = -1;
  ExposedKeys last_seen_;  // under rules_version_, by word of the user database
  std::map<std::string, std::string> stopped_;  // by signer: what stands against its key

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  bool looked_ = false;  // around, once
  std::thread thread_;
};

}  // namespace grant
