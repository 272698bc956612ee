// Watches the keys of the signers in force, from the start of grantd on.
#pragma once

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

// A thread that examines every signer: at once, again when the rules have changed, and every
// minute, so that a token that comes late is examined, too. What it sees from outside goes to the
// key directory, which stops the signers concerned. That one is stopped or goes on is logged and in
// the audit.
class KeyWatch {
 public:
  // Looks at everything but the tokens before it returns. All are borrowed.
  KeyWatch(Store& store, KeyDirectory& keys, KeyAuditor& auditor, std::function<Time()> clock);
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;
  ~KeyWatch();

 private:
  void Run();
  Result<RulesVersion> CurrentRules();
  Result<bool> AreNewRules();
  void Round();
  void Note(const Signer& signer, const std::vector<KeyFinding>& standing);

  Store& store_;
  KeyDirectory& keys_;
  KeyAuditor& auditor_;
  const std::function<Time()> clock_;
  int64_t rules_version_ = -1;
  std::map<std::string, std::string> stopped_;  // by signer: what stands against its key

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace grant
