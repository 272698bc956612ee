#include "grantd/keys/key_watch.h"

#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/net/unix_socket.h"

namespace grant {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::seconds kRulesInterval{2};
constexpr std::chrono::seconds kKeysInterval{60};

}  // namespace

KeyWatch::KeyWatch(Store& store, KeyDirectory& keys, KeyAuditor& auditor,
                   std::function<Time()> clock)
    : store_(store), keys_(keys), auditor_(auditor), clock_(std::move(clock)) {
  if (const auto rules = CurrentRules()) keys_.Expose(auditor_.LookAround(rules->rules));
  thread_ = std::thread([this] { Run(); });
}

KeyWatch::~KeyWatch() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void KeyWatch::Run() {
  auto examined_at = SteadyClock::now() - kKeysInterval;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto changed = AreNewRules();
    if (SteadyClock::now() - examined_at >= kKeysInterval || (changed && *changed)) {
      Round();
      examined_at = SteadyClock::now();
    }
    lock.lock();
    wake_.wait_for(lock, kRulesInterval, [this] { return stopping_; });
  }
}

Result<RulesVersion> KeyWatch::CurrentRules() {
  RulesVersion rules;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(rules, tables.CurrentRules());
    return {};
  }));
  return rules;
}

Result<bool> KeyWatch::AreNewRules() {
  int64_t version = 0;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(version, tables.CurrentRulesVersion());
    return {};
  }));
  return version != rules_version_;
}

void KeyWatch::Round() {
  const auto rules = CurrentRules();
  if (!rules) return spdlog::error("key audit: {}", rules.error().message);
  rules_version_ = rules->version;
  ExposedKeys around = auditor_.LookAround(rules->rules);
  keys_.Expose(around);
  std::erase_if(stopped_, [&](const auto& stopped) {
    return rules->rules.FindSigner(stopped.first) == nullptr;
  });
  for (const Signer& signer : rules->rules.signers) {
    const auto findings = auditor_.Examine(signer, std::move(around[signer.name]));
    // A token that is away is looked at when it is there.
    if (findings) Note(signer, Unacknowledged(*findings, signer.acknowledged));
  }
}

void KeyWatch::Note(const Signer& signer, const std::vector<KeyFinding>& standing) {
  std::string& known = stopped_[signer.name];
  std::string now = InOneLine(standing);
  if (now == known) return;
  const bool stopped = !now.empty();
  nlohmann::json names = nlohmann::json::array();
  for (const KeyFinding& finding : standing) names.push_back(finding.name);
  const nlohmann::json detail = {{"findings", std::move(names)}, {"message", now}};
  const Status written = store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(const Principal self, SelfPrincipal());
    GRANT_CHECK(tables.AppendAudit(
        {clock_(), std::string(stopped ? event::kSignerDisabled : event::kSignerEnabled), self,
         signer.name, signer.name,
         detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}));
    return {};
  });
  if (!written) return spdlog::error("key audit: {}", written.error().message);
  if (stopped) {
    spdlog::warn("signer {} is not enabled: {}", signer.name, now);
  } else {
    spdlog::info("signer {} is enabled", signer.name);
  }
  known = std::move(now);
}

}  // namespace grant
