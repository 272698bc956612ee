#include "grantd/gate/outcomes.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/domain/principal.h"
#include "grantd/failpoint.h"

namespace grant {
namespace {

using failpoint::Point;

const Principal& Self() {
  static const Principal& self = *new Principal(Principal::Parse("grantd:self").value());
  return self;
}

}  // namespace

void Outcomes::Add(const std::vector<int64_t>& uses) {
  const std::scoped_lock lock(mutex_);
  delivered_.insert(delivered_.end(), uses.begin(), uses.end());
}

std::vector<int64_t> Outcomes::Take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(delivered_, {});
}

Status Outcomes::Record(Tables& tables, const std::vector<int64_t>& uses) {
  for (const int64_t use : uses) {
    GRANT_CHECK(tables.SettleUse(use, UseOutcome::kSigned));
    failpoint::Reach(Point::kSettleRecorded, use);
  }
  return {};
}

Status Outcomes::Flush() {
  const std::vector<int64_t> uses = Take();
  if (uses.empty()) return {};
  failpoint::Reach(Point::kSettleBefore);
  Status written = store_.Write([&](Tables& tables) { return Record(tables, uses); });
  if (!written) Add(uses);
  return written;
}

Result<size_t> Outcomes::RecoverUnsettled() {
  constexpr size_t kAtOnce = 256;
  size_t total = 0;
  for (size_t found = kAtOnce; found == kAtOnce; total += found) {
    GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
      GRANT_TRY(const auto pending, tables.PendingUses(kAtOnce));
      found = pending.size();
      for (const Use& use : pending) {
        GRANT_CHECK(tables.SettleUse(use.id, UseOutcome::kUnsettled));
        const nlohmann::json detail = {
            {"use", use.id},
            {"caller", use.caller.text()},
            {"message",
             "grantd stopped before it recorded whether this signature was delivered; the use "
             "stays spent"}};
        GRANT_CHECK(tables.AppendAudit({clock_(), std::string(event::kSignatureUnsettled), Self(),
                                        use.grant_id.empty() ? use.signer : use.grant_id,
                                        use.signer, detail.dump()}));
        failpoint::Reach(Point::kRecoverRecorded, use.id, use.grant_id);
      }
      return {};
    }));
  }
  return total;
}

}  // namespace grant
