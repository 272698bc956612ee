// What runs for each signature, and at each tick, must not become slower with the history.
#include "store_testing.h"

namespace grant {
namespace {

class QueryPlan : public testing::Test {
 protected:
  Status Explain(std::string_view text, const std::vector<sql::Value>& values) {
    GRANT_TRY(auto rows, database_.sql().Query("EXPLAIN QUERY PLAN " + std::string(text), values));
    for (const sql::Row& row : rows) plan_.push_back(row.text(3));
    return {};
  }

  Database database_;
  std::vector<std::string> plan_;
  WatchedConnection watched_{database_.sql(),
                             [this](std::string_view text, const std::vector<sql::Value>& values) {
                               return Explain(text, values);
                             }};
  Tables tables_{watched_};
};

MATCHER(SearchesOnly, "") {
  for (const std::string& step : arg) {
    if (step.starts_with("SEARCH")) continue;
    *result_listener << step;
    return false;
  }
  return !arg.empty();
}

TEST_F(QueryPlan, ReadsByAnIndexAndNeverSorts) {
  const Principal alice = Who("unix:alice");
  Must(tables_.GrantsForAttempt("release", alice, At(1500)));
  Must(tables_.SpendUse(GrantId(1), At(1500)));
  Must(tables_.FindGrant(GrantId(1)));
  Must(tables_.FindGrantBySecret("hash"));
  Must(tables_.FindRequestBySecret("hash"));
  Must(tables_.GrantIdsLike("grt_0", 2));
  Must(tables_.LiveGrantsOfSigner("release", At(1500), 10));
  Must(tables_.FindRequest(RequestId(1)));
  Must(tables_.RequestIdsLike("req_0", 2));
  Must(tables_.OverdueRequests(At(1500), 10));
  Must(tables_.OpenRequestsOf(alice, At(1500), 10));
  Must(tables_.FindRequestByKey(alice, "key"));
  Must(tables_.UsesOf(GrantId(1), 10));
  Must(tables_.PendingUses(10));
  Must(tables_.AuditFrom(1, 10));
  Must(tables_.UnpreparedNotifications(10));
  Must(tables_.FindNotification("ntf_1"));
  Must(tables_.NextDelivery("smtp"));
  Must(tables_.OldestDeliveries(10));
  Must(tables_.OverdueDeliveries("smtp", At(1500), 10));
  Must(tables_.WaitingByChannel());
  Must(tables_.LongestWaitingByChannel());
  EXPECT_THAT(plan_, SearchesOnly());
}

TEST_F(QueryPlan, ListsReadByAnIndexAndNeverSort) {
  const Principal alice = Who("unix:alice");
  for (const std::string& before : {std::string(), RequestId(1)}) {
    Must(tables_.ListRequests({RequestStatus::kOpen, std::nullopt, std::nullopt, before, 10}));
    Must(tables_.ListRequests({std::nullopt, "release", std::nullopt, before, 10}));
    Must(tables_.ListRequests({std::nullopt, std::nullopt, alice, before, 10}));
    Must(tables_.ListGrants({"release", std::nullopt, before, 10}));
    Must(tables_.ListGrants({std::nullopt, alice, before, 10}));
    Must(tables_.ListGrants({"release", alice, before, 10}));
    Must(tables_.ListGrants({std::nullopt, alice, before, 10, At(1500)}));
  }
  const Sight sight{alice, 5001, {1, 2}};
  RequestFilter requests;
  requests.sight = sight;
  Must(tables_.ListRequests(requests));
  GrantFilter grants;
  grants.sight = sight;
  Must(tables_.ListGrants(grants));
  Must(tables_.RequestIdsLike("req_0", 2, sight));
  Must(tables_.GrantIdsLike("grt_0", 2, sight));
  for (int64_t before : {0, 5}) {
    Must(tables_.ListAudit({"event", std::nullopt, std::nullopt, std::nullopt, before, 10}));
    Must(tables_.ListAudit({"event", std::nullopt, std::nullopt, alice, before, 10}));
    Must(tables_.ListAudit({std::nullopt, GrantId(1), std::nullopt, std::nullopt, before, 10}));
    Must(tables_.ListAudit({std::nullopt, "subject", std::nullopt, std::nullopt, before, 10}));
  }
  EXPECT_THAT(plan_, SearchesOnly());
}

// Signatures by their signer or caller are read from the newest backwards, all else by an index.
TEST_F(QueryPlan, AuditIsNeverSorted) {
  const Principal alice = Who("unix:alice");
  for (int64_t before : {0, 5}) {
    Must(tables_.ListAudit({std::nullopt, std::nullopt, "release", std::nullopt, before, 10}));
    Must(tables_.ListAudit({std::nullopt, std::nullopt, std::nullopt, alice, before, 10}));
  }
  EXPECT_THAT(plan_, testing::Contains(testing::HasSubstr("audit_entry_by_signer")));
  EXPECT_THAT(plan_, testing::Contains(testing::HasSubstr("audit_entry_by_actor")));
  EXPECT_THAT(plan_, testing::Not(testing::Contains(testing::HasSubstr("TEMP B-TREE"))));
}

// However many of a policy's requests are decided, its open ones are found at once.
TEST_F(QueryPlan, TheOpenRequestsOfAPolicyHaveAnIndexOfTheirOwn) {
  RequestFilter requests;
  requests.status = RequestStatus::kOpen;
  requests.sight = Sight{Who("unix:alice"), 5001, {1}};
  Must(tables_.ListRequests(requests));
  EXPECT_THAT(plan_, testing::Contains(testing::HasSubstr("signing_request_by_policy_and_status")));
}

}  // namespace
}  // namespace grant
