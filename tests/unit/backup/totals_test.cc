#include "grantd/operations/totals_cache.h"
#include "store_testing.h"

namespace grant {
namespace {

TEST(Totals, CountsGrantsAsTheirStatusSays) {
  Database database;
  std::map<std::string, int64_t> expected;
  int number = 0;
  for (const uint32_t used : {0U, 3U}) {
    for (const int64_t begin : {1000, 1400, 1600}) {
      for (const int end : {0, 1, 2}) {
        Grant grant = SomeGrant(++number);
        grant.used = used;
        grant.not_before = At(begin);
        grant.not_after = At(begin + 300);
        if (end > 0) grant.revocation = Revocation{Who("unix:bob"), At(1), "x", end == 2};
        Issue(database.tables(), grant);
        ++expected[Name(StatusOf(grant, At(1500)))];
      }
    }
  }
  ASSERT_EQ(expected.size(), 6U) << "each status is there";
  EXPECT_EQ(Must(database.tables().CountTotals(At(1500))).grants, expected);
}

TEST(Totals, CountsTheRest) {
  Database database;
  Tables& tables = database.tables();
  Must(tables.InsertRequest(SomeRequest(1)));
  Must(tables.InsertRequest(SomeRequest(2)));
  AuditEvent made = SomeEvent("grantd.db");
  made.event = event::kBackupMade;
  made.at = At(77);
  Must(tables.AppendAudit(made));
  Must(tables.InsertNotification(
      {"ntf_1", "request.filed", RequestId(1), 0, Who("unix:alice"), At(1)}));
  const Totals totals = Must(tables.CountTotals(At(1500)));
  EXPECT_EQ(totals.open_requests, 2);
  EXPECT_EQ(totals.audit_entries, 1);
  EXPECT_EQ(totals.unprepared_notifications, 1);
  EXPECT_EQ(totals.last_backup, At(77));
}

// Counts how often it is read.
class CountedStore : public Store {
 public:
  using Store::Write;
  Status Write(std::function<Status(Tables&)>, std::function<void()>) override { return {}; }
  uint64_t generation() const override { return 0; }
  Status Read(std::function<Status(Tables&)> work) override {
    ++reads;
    if (failing) return Fail(Code::kUnavailable, "no");
    return work(database.tables());
  }

  Database database;
  int reads = 0;
  bool failing = false;
};

TEST(Totals, AreNotCountedAnewForWhoeverAsks) {
  CountedStore store;
  TotalsCache cache(store, [] { return At(1); });
  const auto first = cache.Read();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(cache.Read(), first);
  EXPECT_EQ(store.reads, 1);
}

TEST(Totals, AreMissingWhileTheStoreCannotBeRead) {
  CountedStore store;
  store.failing = true;
  TotalsCache cache(store, [] { return At(1); });
  EXPECT_EQ(cache.Read(), nullptr);
  store.failing = false;
  EXPECT_NE(cache.Read(), nullptr);
}

}  // namespace
}  // namespace grant
