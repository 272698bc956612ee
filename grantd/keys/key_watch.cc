#include "grantd/keys/key_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/net/unix_socket.h"
#include "grantd/store/newest_entry.h"

namespace grant {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

KeyWatch::KeyWatch(Store& store, KeyDirectory& keys, KeyAuditor& auditor,
                   std::function<Time()> clock, KeyWatchTimes times)
    : store_(store), keys_(keys), auditor_(auditor), clock_(std::move(clock)), times_(times) {
  if (const auto rules = CurrentRules()) keys_.Expose(auditor_.Suspect(rules->rules));
  thread_ = std::thread([this] { Run(); });
  std::unique_lock<std::mutex> lock(mutex_);
  wake_.wait_for(lock, times_.first_look, [this] { return looked_; });
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
  auto examined_at = SteadyClock::now() - times_.keys;
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const auto changed = AreNewRules();
    if (SteadyClock::now() - examined_at >= times_.keys || (changed && *changed)) {
      Round();
      examined_at = SteadyClock::now();
    }
    lock.lock();
    wake_.wait_for(lock, times_.new_rules, [this] { return stopping_; });
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

Around KeyWatch::LookAround(const RulesVersion& rules) {
  if (rules.version != rules_version_) last_seen_.clear();
  rules_version_ = rules.version;
  Around around = auditor_.LookAround(rules.rules);
  for (const auto& [signer, error] : around.unanswered) {
    spdlog::error("key audit of signer {}: {}", signer, error.message);
    const auto last = last_seen_.find(signer);
    if (last != last_seen_.end()) around.exposed[signer] = last->second;
  }
  for (const auto& [signer, findings] : around.exposed) {
    if (around.unanswered.count(signer) == 0) last_seen_[signer] = findings;
  }
  return around;
}

void KeyWatch::Round() {
  const auto rules = CurrentRules();
  if (!rules) return spdlog::error("key audit: {}", rules.error().message);
  Around around = LookAround(*rules);
  keys_.Expose(around.exposed);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    looked_ = true;
  }
  wake_.notify_all();
  std::erase_if(stopped_, [&](const auto& stopped) {
    return rules->rules.FindSigner(stopped.first) == nullptr;
  });
  for (const Signer& signer : rules->rules.signers) {
    const auto findings = auditor_.Examine(signer, std::move(around.exposed[signer.name]));
    // A token that is away is looked at when it is there.
    if (findings) Note(signer, Unacknowledged(*findings, signer.acknowledged));
  }
}

Result<std::string> KeyWatch::LastNoted(const std::string& signer) {
  std::vector<AuditEntry> last;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    for (const std::string_view event : {event::kSignerDisabled, event::kSignerEnabled}) {
      GRANT_TRY(auto found, NewestEntry(tables, event, signer));
      if (found) last.push_back(*std::move(found));
    }
    return {};
  }));
  const auto newest = std::ranges::max_element(last, {}, &AuditEntry::number);
  if (newest == last.end() || newest->event.event != event::kSignerDisabled) return std::string();
  const auto detail = nlohmann::json::parse(newest->event.detail, nullptr, false);
  const auto message = detail.is_object() ? detail.find("message") : detail.end();
  const bool said = message != detail.end() && message->is_string();
  return said ? message->get<std::string>() : std::string();
}

void KeyWatch::Note(const Signer& signer, const std::vector<KeyFinding>& standing) {
  if (stopped_.count(signer.name) == 0) {
    auto noted = LastNoted(signer.name);
    if (!noted) return spdlog::error("key audit: {}", noted.error().message);
    stopped_[signer.name] = *std::move(noted);
  }
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
