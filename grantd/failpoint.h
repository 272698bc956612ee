// Moments of grantd's work that have a name, so that a test can end it, hold it or watch it exactly
// there. grantd itself installs no handler, and nothing outside its process can give it one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace grant::failpoint {

enum class Point {
  // The way of a signature. The token and the commit run at the same time.
  kSpendBefore,      // the attempt is allowed; nothing is written yet
  kSpendCounted,     // counted and in the audit, within the transaction
  kSpendCommitted,   // the use is durable; nobody has been told
  kTokenBefore,      // before the token is asked to sign
  kTokenAfter,       // the token has answered
  kTokenFailed,      // it gave no signature, which is not recorded yet
  kWithhold,         // a revocation came first, which is not recorded yet
  kReplyBefore,      // durable and signed; nothing has left grantd
  kReplyAfter,       // handed to the client's socket
  kSettleBefore,     // outcomes are about to be recorded without a spend
  kSettleRecorded,   // one outcome is recorded, within the transaction
  kRecoverRecorded,  // a use of an earlier run is explained, within the transaction

  // The end of a grant, by revocation or release.
  kRevokeRecorded,   // within the transaction
  kRevokeCommitted,  // durable; signatures may still go out
  kRevokeWithdrawn,  // none goes out any more; nobody has been told

  // Requests and their ends.
  kFilingRecorded,     // within the transaction
  kFilingCommitted,    // durable; nobody has been told
  kDecisionBefore,     // an approval, a rejection or a cancellation that is not written yet
  kDecisionRecorded,   // in the audit, within the transaction
  kDecisionGranted,    // its grant is issued, within the transaction
  kDecisionCommitted,  // durable; nobody has been told
  kExpiryRecorded,     // within the transaction
  kExpiryCommitted,
  kRulesRecorded,  // within the transaction
  kRulesCommitted,

  // The database.
  kCommitBefore,      // of any transaction of the writer
  kCommitAfter,       // durable; nobody has been told
  kCheckpointBefore,  // the log is about to be moved into the database
  kCheckpointAfter,
  kDatabaseMade,   // a new database is whole, under another name
  kMigrationStep,  // the schema is one version further, within the transaction
  kMigrationCommitted,
  kUpgradeCopied,  // a copy is kept; the schema is as it was
};

inline constexpr size_t kPoints = static_cast<size_t>(Point::kUpgradeCopied) + 1;

// "spend.counted". The names are those of the failpoint tests and of their traces.
std::string_view Name(Point point);
std::optional<Point> PointByName(std::string_view name);

// Where it is known: the use, by the number of its audit entry (else 0), and the grant or request
// that it is about (else empty). `subject` is valid during the call.
struct Reached {
  Point point;
  int64_t use = 0;
  std::string_view subject = {};
};

// Called on whatever thread reaches a point, several at a time. It must not throw.
using Handler = void (*)(const Reached&);

// While no other thread reaches a point; null takes the handler away.
void Install(Handler handler);

namespace internal {
extern Handler handler;  // null in grantd
}

inline void Reach(Point point, int64_t use = 0, std::string_view subject = {}) {
  if (internal::handler != nullptr) internal::handler({point, use, subject});
}

}  // namespace grant::failpoint
