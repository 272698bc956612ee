#include "grantd/seal/seal.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/domain/audit.h"
#include "grantd/domain/grant.h"
#include "grantd/hsm/pin_file.h"

namespace grant {
namespace {

Result<std::optional<AuditEntry>> Newest(Tables& tables, std::string_view event) {
  AuditFilter filter;
  filter.event = std::string(event);
  filter.limit = 1;
  GRANT_TRY(auto entries, tables.ListAudit(filter));
  if (entries.empty()) return std::optional<AuditEntry>();
  return std::optional<AuditEntry>(std::move(entries.front()));
}

std::string Text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::optional<SealRecord>> Seal::Find(Store& store) {
  std::optional<SealRecord> record;
  GRANT_CHECK(store.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const auto sealed, Newest(tables, event::kSealed));
    GRANT_TRY(const auto unsealed, Newest(tables, event::kUnsealed));
    if (!sealed || (unsealed && unsealed->number > sealed->number)) return {};
    const auto detail = nlohmann::json::parse(sealed->event.detail, nullptr, false);
    const std::string reason = detail.is_object() ? detail.value("reason", "") : "";
    record = SealRecord{sealed->event.actor, sealed->event.at, reason};
    return {};
  }));
  return record;
}

Error Seal::Why(const SealRecord& record) {
  return {Code::kUnavailable,
          "grantd was sealed by " + record.by.text() + " at " + FormatTime(record.at) + " (" +
              record.reason + ")",
          kSealedHint};
}

std::optional<Refusal> Seal::refusal() const {
  const std::lock_guard lock(mutex_);
  if (!record_) return std::nullopt;
  const Error why = Why(*record_);
  return Refusal{Cause::kSealed, why.message, why.hint, {}};
}

SealState Seal::state() const {
  SealState state;
  for (SealableToken* token : tokens_) {
    state.tokens.push_back({token->settings().name, token->pin_state()});
  }
  const std::lock_guard lock(mutex_);
  state.sealed = record_;
  return state;
}

// What stops signing comes first, and what can fail last: whoever seals is in a hurry.
Status Seal::Close(const Principal& by, const std::string& reason) {
  if (reason.empty() || reason.size() > kRevokeReasonBytesMax) {
    return Fail(Code::kInvalid,
                "a reason of 1 to " + std::to_string(kRevokeReasonBytesMax) + " bytes is needed",
                "say why nothing may be signed");
  }
  const std::lock_guard turn(turn_);
  const SealRecord record{by, now_(), reason};
  {
    const std::lock_guard lock(mutex_);
    if (record_ && recorded_) {
      return Fail(Code::kConflict, Why(*record_).message, "grantctl unseal lifts the seal");
    }
    record_ = record;
  }
  recorded_ = false;
  withdraw_();
  for (SealableToken* token : tokens_) token->Close(Why(record));
  spdlog::warn("{}", Why(record).message);
  if (Status written = Record(event::kSealed, by, record.at, "", Text({{"reason", reason}}));
      !written) {
    written.error().message =
        "grantd is sealed, but that could not be recorded, so it would not outlive a restart: " +
        written.error().message;
    return written;
  }
  recorded_ = true;
  return {};
}

Status Seal::Open(const Principal& by) {
  const std::lock_guard turn(turn_);
  {
    const std::lock_guard lock(mutex_);
    if (!record_) return Fail(Code::kConflict, "grantd is not sealed", "grantctl seal seals it");
  }
  GRANT_CHECK(Record(event::kUnsealed, by, now_(), "", "{}"));
  recorded_ = true;
  {
    const std::lock_guard lock(mutex_);
    record_.reset();
  }
  spdlog::warn("{} lifted the seal", by.text());
  for (SealableToken* token : tokens_) {
    if (const Status opened = token->Open(); !opened) {
      spdlog::error("token {}: {}; hint: {}", token->settings().name, opened.error().message,
                    opened.error().hint);
    }
  }
  return {};
}

Status Seal::GivePin(const Principal& by, const std::string& name, SecretBuffer pin,
                     bool after_wrong) {
  GRANT_CHECK(CheckPin(pin.bytes(), "the PIN"));
  const std::lock_guard turn(turn_);
  const auto found = std::ranges::find_if(
      tokens_, [&name](const SealableToken* token) { return token->settings().name == name; });
  if (found == tokens_.end()) {
    return Fail(Code::kNotFound, "there is no token '" + name.substr(0, 64) + "'",
                "tokens are named by [[token]] in grantd.toml");
  }
  if (const auto stands = refusal()) {
    return Fail(Code::kConflict, stands->message, "lift the seal first: grantctl unseal");
  }
  const Status given = (*found)->GivePin(std::move(pin), after_wrong);
  if (given) return Record(event::kTokenUnsealed, by, now_(), name, "{}");
  if ((*found)->pin_state().refused && given.error().code == Code::kInvalid) {
    GRANT_CHECK(
        Record(event::kPinRefused, by, now_(), name, Text({{"message", given.error().message}})));
  }
  return given;
}

Status Seal::Record(std::string_view event, const Principal& by, Time at,
                    const std::string& subject, const std::string& detail) {
  return store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit({at, std::string(event), by, subject, "", detail}));
    return {};
  });
}

}  // namespace grant
