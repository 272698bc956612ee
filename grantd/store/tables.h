// What is stored, one method per question. Valid inside one Store::Write or Store::Read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/audit.h"
#include "grantd/domain/grant.h"
#include "grantd/domain/request.h"
#include "grantd/domain/rules.h"
#include "grantd/store/notification.h"
#include "grantd/store/sight.h"
#include "grantd/store/sql.h"

namespace grant {

struct RulesVersion {
  int64_t version = 0;  // from 1; 0 means that none were ever applied
  Rules rules;
  Principal applied_by;
  Time applied_at;
};

// kReturned: the token refused, the use was given back. kWithheld: revoked before its delivery.
// kUnsettled: not known, because grantd stopped or the token did not answer. kDelegated: the caller
// signs in a session of its own with the token, so there is nothing more to learn.
enum class UseOutcome { kPending, kSigned, kReturned, kWithheld, kUnsettled, kDelegated };
const char* Name(UseOutcome outcome);  // "signed"

// One counted signature. `id` is the number of its audit entry.
struct Use {
  int64_t id = 0;
  std::string grant_id;  // empty where the signer has no policy
  std::string signer;
  Principal caller;
  Time at;
  std::string mechanism;
  std::string digest;   // "sha256:..." of what was signed
  std::string program;  // a hint
  UseOutcome outcome = UseOutcome::kPending;
};

// Newest first. `before` is the last ID (or audit number) of the page before; empty or 0 for the
// first.
struct RequestFilter {
  std::optional<RequestStatus> status;
  std::optional<std::string> signer;
  std::optional<Principal> requester;
  std::string before;
  size_t limit = 100;
  std::optional<Time> since = std::nullopt;   // filed then or later
  std::optional<Sight> sight = std::nullopt;  // without one: everything
};
struct GrantFilter {
  std::optional<std::string> signer;
  std::optional<Principal> holder;
  std::string before;
  size_t limit = 100;
  std::optional<Time> since = std::nullopt;   // issued then or later
  std::optional<Sight> sight = std::nullopt;  // without one: everything
  std::optional<GrantStatus> status = std::nullopt;
  Time now = {};  // at which they have that status
};
struct AuditFilter {
  std::optional<std::string> event;
  std::optional<std::string> subject;  // matches the entry's subject
  std::optional<std::string> signer;
  std::optional<Principal> actor;
  int64_t before = 0;
  size_t limit = 100;
};

// No method returns more rows than this, whatever limit it is given.
inline constexpr size_t kRowsMax = 10'000;

// The end of the audit chain, kept apart from it so that a missing last entry shows.
struct AuditHead {
  int64_t number = 0;  // 0: no entry yet
  std::string hash;
};

// What there is, for whoever watches grantd run.
struct Totals {
  std::map<std::string, int64_t> grants;  // by their status, as Name() has it
  int64_t open_requests = 0;
  int64_t unprepared_notifications = 0;
  std::map<std::string, int64_t> waiting;     // messages, by channel
  std::map<std::string, Time> waiting_since;  // the oldest of them
  int64_t audit_entries = 0;
  std::optional<Time> last_backup;
};

class Tables {
 public:
  explicit Tables(sql::Connection& connection) : sql_(connection) {}

  Result<RulesVersion> CurrentRules();
  Result<int64_t> CurrentRulesVersion();  // its number alone
  Result<std::optional<RulesVersion>> FindRules(int64_t version);
  // Appends version + 1 of what CurrentRules() says.
  Result<int64_t> AppendRules(const Rules& rules, const Principal& by, Time at);

  // Every policy under which anything was filed, as it was then.
  Result<std::vector<FiledPolicy>> FiledPolicies();

  // Requests, with their decisions and comments.
  Result<std::optional<Request>> FindRequest(const std::string& id);
  // By the hash of the secret that its grant has or will have.
  Result<std::optional<Request>> FindRequestBySecret(const std::string& secret_hash);
  // By what its requester named the filing by.
  Result<std::optional<Request>> FindRequestByKey(const Principal& requester,
                                                  const std::string& idempotency_key);
  // Those that are open and end after `now`, the first to end first, at most `limit`.
  Result<std::vector<Request>> OpenRequestsOf(const Principal& requester, Time now, size_t limit);
  // The newest IDs that begin with `prefix`, at most `limit`; of what is in sight, where that is
  // given.
  Result<std::vector<std::string>> RequestIdsLike(const std::string& prefix, size_t limit,
                                                  const std::optional<Sight>& sight = {});
  Result<std::vector<Request>> ListRequests(const RequestFilter& filter);
  // Open requests whose expiry is not after `now`, at most `limit`.
  Result<std::vector<Request>> OverdueRequests(Time now, size_t limit);
  Status InsertRequest(const Request& request);
  // Stores what the state machine changed: status, decisions, comments, closed_reason, grant_id.
  Status UpdateRequest(const Request& request);

  Result<std::optional<Grant>> FindGrant(const std::string& id);
  Result<std::optional<Grant>> FindGrantBySecret(const std::string& secret_hash);
  Result<std::vector<std::string>> GrantIdsLike(const std::string& prefix, size_t limit,
                                                const std::optional<Sight>& sight = {});
  Result<std::vector<Grant>> ListGrants(const GrantFilter& filter);
  // Grants of this signer and holder that end after `now` and are neither used up nor revoked, the
  // first to end first: all that Decide() can choose from.
  Result<std::vector<Grant>> UsableGrants(const std::string& signer, const Principal& holder,
                                          Time now);
  // What Decide() needs to say why it refuses, bounded however long the history is: the usable
  // grants, others of this signer and holder that end after `now`, the holder's few most recent,
  // and a few of other holders that end after `now`. The usable ones are not crowded out by the
  // rest.
  Result<std::vector<Grant>> GrantsForAttempt(const std::string& signer, const Principal& holder,
                                              Time now);
  // Grants with uses left that are not revoked and end after `now`, in the order of their IDs, from
  // after `after` on.
  Result<std::vector<Grant>> UnendedGrants(Time now, const std::string& after, size_t limit);
  // Grants of a signer that are not revoked and end after `now`.
  Result<std::vector<Grant>> LiveGrantsOfSigner(const std::string& signer, Time now, size_t limit);
  Status InsertGrant(const Grant& grant);
  Status RecordRevocation(const Grant& grant);
  // Counts one use where the grant is valid at `now`, not revoked and not used up; false where it
  // is not.
  Result<bool> SpendUse(const std::string& grant_id, Time now);
  Status ReturnUse(const std::string& grant_id);

  Status InsertUse(const Use& use);
  Status SettleUse(int64_t id, UseOutcome outcome);
  // Settles a use as kWithheld, a delegated one too.
  Status WithholdUse(int64_t id);
  Result<std::vector<Use>> UsesOf(const std::string& grant_id, size_t limit);
  Result<std::vector<Use>> PendingUses(size_t limit);

  // The outbox. A notification is unprepared until it is known whom to tell; its deliveries wait
  // until they are settled or removed.
  Status InsertNotification(const Notification& notification);
  Result<std::optional<Notification>> FindNotification(const std::string& id);
  Result<std::vector<Notification>> UnpreparedNotifications(size_t limit);  // oldest first
  Status PrepareNotification(const std::string& id, const std::vector<Delivery>& deliveries);
  // The waiting one that is due first, whether or not that is past.
  Result<std::optional<Delivery>> NextDelivery(const std::string& channel);
  Result<std::vector<Delivery>> OldestDeliveries(size_t limit);  // that wait, oldest first
  // Those of a channel that wait and were queued at `queued_until` or before.
  Result<std::vector<Delivery>> OverdueDeliveries(const std::string& channel, Time queued_until,
                                                  size_t limit);
  Result<std::map<std::string, int64_t>> WaitingByChannel();
  Result<std::map<std::string, Time>> LongestWaitingByChannel();  // since when
  Status PostponeDelivery(const Delivery& delivery);  // stores its attempts and when it is due
  Status HastenDeliveries(const std::string& channel, Time due_at);  // makes none due later
  Status SettleDelivery(const Delivery& delivery, Time at);
  Status RemoveDelivery(const Delivery& delivery);
  // Forgets what was delivered before that, and notifications without deliveries.
  Status RemoveDelivered(Time before);
  Result<std::vector<ChannelRecord>> ChannelRecords();
  Status StoreChannelRecord(const ChannelRecord& record);

  // Appends to the chain and returns the entry's number.
  Result<int64_t> AppendAudit(const AuditEvent& event);
  Result<std::vector<AuditEntry>> ListAudit(const AuditFilter& filter);
  Result<AuditHead> LastAudit();
  // Oldest first, from `first` on, for verification.
  Result<std::vector<AuditEntry>> AuditFrom(int64_t first, size_t limit);
  // Where the counts of grants, the uses and the audit's entries about them disagree: a sentence
  // about the first such place. Reads all of them.
  Result<std::optional<std::string>> CountFault();

  // Reads all grants.
  Result<Totals> CountTotals(Time now);
  // Writes a row that means nothing: whether the database can be written.
  Status WriteProbe(Time now);

 private:
  sql::Connection& sql_;
};

}  // namespace grant
