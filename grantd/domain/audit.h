// What the audit records.
#pragma once

#include <string>
#include <string_view>

#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"

namespace grant {

// What happened. The names are a contract: append only.
namespace event {
inline constexpr std::string_view kStarted = "grantd.started";
inline constexpr std::string_view kStopped = "grantd.stopped";
inline constexpr std::string_view kRulesApplied = "rules.applied";
inline constexpr std::string_view kRequestFiled = "request.filed";
inline constexpr std::string_view kRequestStepApproved = "request.step-approved";
inline constexpr std::string_view kRequestApproved = "request.approved";
inline constexpr std::string_view kRequestRejected = "request.rejected";
inline constexpr std::string_view kRequestCancelled = "request.cancelled";
inline constexpr std::string_view kRequestExpired = "request.expired";
inline constexpr std::string_view kRequestCommented = "request.commented";
inline constexpr std::string_view kGrantIssued = "grant.issued";
inline constexpr std::string_view kGrantRevoked = "grant.revoked";
inline constexpr std::string_view kGrantReleased = "grant.released";  // by its holder
inline constexpr std::string_view kSignatureSpent =
    "signature.spent";  // one use, before its delivery
inline constexpr std::string_view kSignatureReturned =
    "signature.returned";  // the token refused: use given back
inline constexpr std::string_view kSignatureUnsettled =
    "signature.unsettled";  // grantd died in between
inline constexpr std::string_view kSignatureRefused = "signature.refused";
inline constexpr std::string_view kLoginRefused = "login.refused";  // a wrong PIN
inline constexpr std::string_view kLoginLocked = "login.locked";    // too many of them
// A notification that grantd gave up on.
inline constexpr std::string_view kNotificationFailed = "notification.failed";
// Something stands in the way of every signature, or does no longer.
inline constexpr std::string_view kAlarmRaised = "alarm.raised";
inline constexpr std::string_view kAlarmEnded = "alarm.ended";
// An administrator says that database and clock are right as they are.
inline constexpr std::string_view kAuditAcknowledged = "audit.acknowledged";
// The key audit found what stops a signer, or finds it no longer.
inline constexpr std::string_view kSignerDisabled = "signer.disabled";
inline constexpr std::string_view kSignerEnabled = "signer.enabled";
// A token is about to be asked for a key pair; and what became of it.
inline constexpr std::string_view kKeyGenerationBegun = "key.generation-begun";
inline constexpr std::string_view kKeyGenerationFailed = "key.generation-failed";
inline constexpr std::string_view kKeyGenerated = "key.generated";
// A key signed a certificate request that grantd had built; before its delivery.
inline constexpr std::string_view kKeyCertified = "key.csr-signed";
inline constexpr std::string_view kBackupMade = "backup.made";
// A backup was put in the place of the database: what came after it is lost. Not acknowledged by
// itself.
inline constexpr std::string_view kDatabaseRestored = "database.restored";
// An administrator has stopped all signing, or lets it go on.
inline constexpr std::string_view kSealed = "grantd.sealed";
inline constexpr std::string_view kUnsealed = "grantd.unsealed";
// A PIN was typed in for a token, and is presented to it next; and the token refused it.
inline constexpr std::string_view kTokenUnsealed = "token.unsealed";
inline constexpr std::string_view kPinRefused = "token.pin-refused";
}  // namespace event

// An entry before it has its place in the chain.
struct AuditEvent {
  Time at;
  std::string event;
  Principal actor;      // who caused it; "grantd:self" for grantd
  std::string subject;  // the ID or the name it is about; may be empty
  std::string signer;   // the signer concerned; may be empty
  std::string detail;   // a JSON object, compact, keys sorted
};

struct AuditEntry {
  int64_t number = 0;  // from 1, without gaps
  AuditEvent event;
  std::string previous_hash;  // lower-case hex; 64 zeros before the first
  std::string hash;
};

}  // namespace grant
