#include "grantd/seal/seal.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "grantd/domain/audit.h"
#include "grantd/domain/grant.h"
#include "grantd/hsm/pin_file.h"
#include "grantd/store/newest_entry.h"

namespace grant {
namespace {

std::string Text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::optional<SealRecord>> Seal::Find(Store& store) {
  std::optional<SealRecord> record;
  GRANT_CHECK(store.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const auto sealed, NewestEntry(tables, event::kSealed));
    GRANT_TRY(const auto unsealed, NewestEntry(tables, event::kUnsealed));
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

// What stops signing comes first, and what can fail or takes long last: whoever seals is in a
// hurry.
Status Seal::Close(const Principal& by, const std::string& reason) {
  if (reason.empty() || reason.size() > kRevokeReasonBytesMax) {
    return Fail(Code::kInvalid,
                "a reason of 1 to " + std::to_string(kRevokeReasonBytesMax) + " bytes is needed",
                "say why nothing may be signed");
  }
  std::optional<Error> why;
  {
    const std::lock_guard lock(mutex_);
    if (record_ && recorded_) {
      return Fail(Code::kConflict, Why(*record_).message, "grantctl unseal lifts the seal");
    }
    // One that could not be recorded stands, and is recorded as it is.
    if (!record_) record_ = SealRecord{by, now_(), reason};
    why = Why(*record_);
    recorded_ = false;
    ++closing_;
  }
  withdraw_();
  for (SealableToken* token : tokens_) token->Close(*why);
  spdlog::warn("{}", why->message);
  Status written = RecordSeal();
  if (!written) {
    written.error().message =
        "grantd is sealed, but that could not be recorded, so it would not outlive a restart: " +
        written.error().message;
    spdlog::critical("{}; it is tried again", written.error().message);
  }
  const std::lock_guard lock(mutex_);
  --closing_;
  return written;
}

void Seal::RecordIfOwed() {
  {
    const std::lock_guard lock(mutex_);
    if (!record_ || recorded_ || closing_ > 0) return;
  }
  static_cast<void>(RecordSeal());  // the alarm of the store tells of its failures
}

// Of several who want it recorded one does.
Status Seal::RecordSeal() {
  const std::lock_guard turn(turn_);
  std::optional<SealRecord> record;
  {
    const std::lock_guard lock(mutex_);
    if (!record_ || recorded_) return {};
    record = record_;
  }
  GRANT_CHECK(
      Record(event::kSealed, record->by, record->at, "", Text({{"reason", record->reason}})));
  spdlog::warn("the seal is recorded, and outlives a restart");
  const std::lock_guard lock(mutex_);
  recorded_ = true;
  return {};
}

Status Seal::Open(const Principal& by) {
  GRANT_CHECK(BeginToOpen(by));
  spdlog::warn("{} lifted the seal", by.text());
  for (SealableToken* token : tokens_) {
    if (token->pin_state().waiting) continue;
    if (const Status opened = token->AwaitOpened(); !opened) {
      spdlog::error("token {}: {}; hint: {}", token->settings().name, opened.error().message,
                    opened.error().hint);
    }
  }
  if (const auto again = refusal()) return Fail(Code::kConflict, again->message, again->hint);
  return {};
}

Status Seal::BeginToOpen(const Principal& by) {
  const auto being_sealed = [] {
    return Fail(Code::kConflict, "grantd is being sealed at this moment",
                "look again: grantctl seal --show");
  };
  const std::lock_guard turn(turn_);
  {
    const std::lock_guard lock(mutex_);
    if (!record_) return Fail(Code::kConflict, "grantd is not sealed", "grantctl seal seals it");
    if (closing_ > 0) return being_sealed();
  }
  GRANT_CHECK(Record(event::kUnsealed, by, now_(), "", "{}"));
  const std::lock_guard lock(mutex_);
  // Whoever seals meanwhile waits for the turn, and records the seal after this.
  if (closing_ > 0) return being_sealed();
  record_.reset();
  for (SealableToken* token : tokens_) token->Open();
  return {};
}

Result<SealableToken*> Seal::TokenNamed(const std::string& name) const {
  const auto found = std::ranges::find_if(
      tokens_, [&name](const SealableToken* token) { return token->settings().name == name; });
  if (found != tokens_.end()) return *found;
  return Fail(Code::kNotFound, "there is no token '" + name.substr(0, 64) + "'",
              "tokens are named by [[token]] in grantd.toml");
}

Status Seal::GivePin(const Principal& by, const std::string& name, SecretBuffer pin,
                     bool after_wrong) {
  GRANT_CHECK(CheckPin(pin.bytes(), "the PIN"));
  GRANT_TRY(SealableToken * token, TokenNamed(name));
  GRANT_CHECK(BeginWithPin(*token, by, std::move(pin), after_wrong));
  Status opened = token->AwaitOpened();
  const PinState state = token->pin_state();
  if (!opened && state.refused) {
    GRANT_CHECK(
        Record(event::kPinRefused, by, now_(), name, Text({{"message", opened.error().message}})));
  }
  if (opened && state.waiting) {
    return Fail(Code::kConflict, "grantd was sealed meanwhile, and has forgotten the PIN",
                "grantctl seal --show tells how it stands");
  }
  return opened;
}

// The token keeps the PIN before the audit says so, since only it can tell whether it takes one,
// but presents it after that.
Status Seal::BeginWithPin(SealableToken& token, const Principal& by, SecretBuffer pin,
                          bool after_wrong) {
  const auto check_unsealed = [this]() -> Status {
    if (!record_) return {};
    return Fail(Code::kConflict, Why(*record_).message, "lift the seal first: grantctl unseal");
  };
  const std::lock_guard turn(turn_);
  {
    const std::lock_guard lock(mutex_);
    GRANT_CHECK(check_unsealed());
    GRANT_CHECK(token.TakePin(std::move(pin), after_wrong));
  }
  Status written = Record(event::kTokenUnsealed, by, now_(), token.settings().name, "{}");
  if (!written) {
    token.ForgetPin();
    return written;
  }
  const std::lock_guard lock(mutex_);
  GRANT_CHECK(check_unsealed());
  token.Open();
  return {};
}

Status Seal::Record(std::string_view event, const Principal& by, Time at,
                    const std::string& subject, const std::string& detail) {
  return store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit({at, std::string(event), by, subject, "", detail}));
    return {};
  });
}

}  // namespace grant
