#include "grantd/domain/grant.h"

#include <array>
#include <utility>

#include "grantd/domain/text.h"

namespace grant {
namespace {

constexpr std::array kNames = {
    std::pair{GrantStatus::kPending, "pending"},     std::pair{GrantStatus::kActive, "active"},
    std::pair{GrantStatus::kExhausted, "exhausted"}, std::pair{GrantStatus::kExpired, "expired"},
    std::pair{GrantStatus::kRevoked, "revoked"},     std::pair{GrantStatus::kReleased, "released"}};

std::string EndOf(const Grant& grant) {
  return "grant " + grant.id + " was already " +
         (grant.revocation->released ? "released" : "revoked") + " by " +
         grant.revocation->by.text() + " at " + FormatTime(grant.revocation->at);
}

}  // namespace

const char* Name(GrantStatus status) {
  for (const auto& [value, name] : kNames) {
    if (value == status) return name;
  }
  return "unknown";
}

std::optional<GrantStatus> GrantStatusByName(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (name == known) return value;
  }
  return std::nullopt;
}

GrantStatus StatusOf(const Grant& grant, Time now) {
  if (grant.revocation) {
    return grant.revocation->released ? GrantStatus::kReleased : GrantStatus::kRevoked;
  }
  if (grant.used >= grant.max_signings) return GrantStatus::kExhausted;
  if (now >= grant.not_after) return GrantStatus::kExpired;
  if (now < grant.not_before) return GrantStatus::kPending;
  return GrantStatus::kActive;
}

bool IsHolder(const Grant& grant, const Identity& caller) {
  return caller.IsRecordedAs(grant.holder, grant.holder_uid);
}

Result<Grant> Spend(Grant grant, Time now) {
  if (const GrantStatus status = StatusOf(grant, now); status != GrantStatus::kActive) {
    return Fail(Code::kConflict, "grant " + grant.id + " is " + Name(status));
  }
  ++grant.used;
  return grant;
}

Grant GiveBack(Grant grant) {
  if (grant.used > 0) --grant.used;
  return grant;
}

Result<Grant> Revoke(Grant grant, const Principal& by, std::string reason, Time now) {
  if (grant.revocation) {
    return Fail(Code::kConflict, EndOf(grant), "grantctl grant show " + grant.id);
  }
  if (reason.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Fail(Code::kInvalid, "a revocation needs a reason", "add --reason TEXT");
  }
  GRANT_CHECK(CheckText(reason, kRevokeReasonBytesMax, "the reason"));
  grant.revocation = Revocation{by, now, std::move(reason)};
  return grant;
}

Result<Grant> Release(Grant grant, const Identity& by, std::string reason, Time now) {
  if (!IsHolder(grant, by)) {
    return Fail(Code::kForbidden,
                "only " + grant.holder.text() + ", its holder, can release grant " + grant.id,
                "others revoke it: grantctl grant revoke " + grant.id + " --reason '...'");
  }
  const GrantStatus status = StatusOf(grant, now);
  if (grant.revocation) {
    return Fail(Code::kConflict, EndOf(grant), "grantctl grant show " + grant.id);
  }
  if (status != GrantStatus::kActive && status != GrantStatus::kPending) {
    return Fail(Code::kConflict,
                "grant " + grant.id + " is " + Name(status) + ", so nothing is left to release",
                "grantctl grant show " + grant.id);
  }
  GRANT_CHECK(CheckText(reason, kRevokeReasonBytesMax, "the reason"));
  grant.revocation = Revocation{by.principal, now, std::move(reason), true};
  return grant;
}

}  // namespace grant
