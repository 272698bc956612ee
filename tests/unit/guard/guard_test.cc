#include "grantd/guard/guard.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/unit/guard/guard_fixture.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

class GuardTest : public testing::Test {
 protected:
  GuardTest() {
    spdlog::set_level(spdlog::level::off);
    Start();
  }

  void Start() {
    run_ = std::make_unique<OneRun>(State(), mark_path_, [this] { return clock_; });
    ASSERT_TRUE(run_->begun) << run_->begun.error().message;
  }
  void Stop() { run_.reset(); }
  std::string State() const { return dir_ / "state"; }

  void Append(int entries, std::string_view name = "test.event") {
    for (int i = 0; i < entries; ++i) {
      ASSERT_TRUE(run_->store->Write([&](Tables& tables) -> Status {
        const AuditEvent entry = SomeEvent(clock_.time(), name);
        GRANT_TRY(const int64_t number, tables.AppendAudit(entry));
        if (name != event::kSignatureSpent) return {};
        return tables.InsertUse(
            {number, "", "release", entry.actor, entry.at, "ECDSA", "", "", UseOutcome::kSigned});
      }));
    }
  }
  // A copy of the stopped state, and its return.
  void Save() { Copy(State(), dir_ / "saved"); }
  void Restore() {
    std::filesystem::copy_file(dir_ / "saved/grantd.db", State() + "/grantd.db",
                               std::filesystem::copy_options::overwrite_existing);
  }
  static void Copy(const std::string& from, const std::string& to) {
    std::filesystem::copy(from, to,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
  }
  std::string Alarm() {
    const auto alarm = run_->guard.Alarm();
    return alarm ? std::string(CauseName(alarm->cause)) + ": " + alarm->message : "none";
  }
  Status Acknowledge() {
    return run_->guard.Acknowledge(*run_->store, Principal::Parse("unix:root").value(), "known",
                                   nullptr);
  }
  std::vector<AuditEntry> Entries(const std::string& event) {
    AuditFilter filter;
    filter.event = event;
    std::vector<AuditEntry> entries;
    EXPECT_TRUE(run_->store->Read([&](Tables& tables) -> Status {
      GRANT_TRY(entries, tables.ListAudit(filter));
      return {};
    }));
    return entries;
  }

  test::TempDir dir_;
  std::string mark_path_ = dir_ / "grantd.mark";
  ClockReading clock_{ParseTime("2026-11-21T20:00:00Z").value().time_since_epoch(), hours(1)};
  std::unique_ptr<OneRun> run_;
};

TEST_F(GuardTest, AFirstStartAndAnyLaterOneRaiseNoAlarm) {
  EXPECT_EQ(Alarm(), "none");
  for (int i = 0; i < 3; ++i) {
    Append(3);
    Stop();
    Start();
    EXPECT_EQ(Alarm(), "none");
  }
  EXPECT_EQ(run_->guard.mark()->number, 9);
}

TEST_F(GuardTest, AnOlderCopyOfTheDatabaseIsNoticed) {
  Append(2);
  Stop();
  Save();
  Start();
  Append(3);
  Stop();
  Restore();
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("database-restored: the audit ends with entry 2, but grantd had "
                                 "come to entry 5"));
}

TEST_F(GuardTest, ARestoredBackupIsNotBelievedUntilItIsAcknowledgedWhateverTheMarkSays) {
  Append(2);
  Append(1, event::kDatabaseRestored);
  EXPECT_EQ(run_->guard.mark()->number, 3) << "nothing is missing by the mark";
  for (const bool with_mark : {true, false}) {
    Stop();
    if (!with_mark) std::filesystem::remove(mark_path_);
    Start();
    EXPECT_THAT(Alarm(), HasSubstr("database-restored: unix:alice restored a backup that ends with "
                                   "entry 2"));
  }
  Append(5);
  EXPECT_NE(Alarm(), "none") << "not by going on";
  int ended = 0;
  const auto end = [&ended](Tables&, Time) -> Status {
    ++ended;
    return {};
  };
  const Principal root = Principal::Parse("unix:root").value();
  ASSERT_TRUE(run_->guard.Acknowledge(*run_->store, root, "known", end));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(Alarm(), "none");
  Stop();
  Start();
  EXPECT_EQ(Alarm(), "none");
}

TEST_F(GuardTest, WhatEndsTheGrantsIsPartOfTheAcknowledgement) {
  Append(2);
  Append(1, event::kDatabaseRestored);
  Stop();
  Start();
  const Principal root = Principal::Parse("unix:root").value();
  const auto fail = [](Tables&, Time) -> Status { return Fail(Code::kUnavailable, "full"); };
  EXPECT_FALSE(run_->guard.Acknowledge(*run_->store, root, "known", fail));
  EXPECT_TRUE(Entries("audit.acknowledged").empty());
  EXPECT_NE(Alarm(), "none");
}

TEST_F(GuardTest, AClockAloneEndsNoGrant) {
  clock_.wall += hours(5);
  ASSERT_THAT(Alarm(), HasSubstr("clock-wrong"));
  const auto fail = [](Tables&, Time) -> Status { return Fail(Code::kInternal, "called"); };
  EXPECT_TRUE(
      run_->guard.Acknowledge(*run_->store, Principal::Parse("unix:root").value(), "known", fail));
}

TEST_F(GuardTest, AnOlderCopyIsNoticedThoughItsAuditGrewOn) {
  Append(2);
  Stop();
  Save();
  Start();
  Append(3);
  Stop();
  Restore();
  Start();
  Append(10, "another.event");
  Stop();
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("entry 5 of the audit is not the one that grantd wrote"));
}

TEST_F(GuardTest, AnEmptyDatabaseInPlaceOfALostOneIsNoticed) {
  Append(1);
  Stop();
  std::filesystem::remove_all(State());
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("the audit ends with entry 0"));
}

TEST_F(GuardTest, AMissingOrDamagedMarkIsNoWayAround) {
  Append(1);
  Stop();
  std::filesystem::remove(mark_path_);
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("database-restored: " + mark_path_ + " is missing"));
  Stop();
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("is missing")) << "not by starting again either";
  Stop();
  dir_.Write("grantd.mark", "nonsense");
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("is damaged"));
  EXPECT_TRUE(Acknowledge());
  EXPECT_EQ(Alarm(), "none");
  Stop();
  Start();
  EXPECT_EQ(Alarm(), "none");
}

TEST_F(GuardTest, AMarkOlderThanTheDatabaseMeansNothing) {
  Append(2);
  Stop();
  std::filesystem::copy_file(mark_path_, dir_ / "older");
  Start();
  Append(5);
  Stop();
  std::filesystem::copy_file(dir_ / "older", mark_path_,
                             std::filesystem::copy_options::overwrite_existing);
  Start();
  EXPECT_EQ(Alarm(), "none");
  EXPECT_EQ(run_->guard.mark()->number, 7);
}

TEST_F(GuardTest, AnAcknowledgementRecordsBothPositionsAndEndsTheAlarmForGood) {
  Append(2);
  Stop();
  Save();
  Start();
  Append(3);
  const auto before = *run_->guard.mark();
  Stop();
  Restore();
  Start();
  ASSERT_NE(Alarm(), "none");
  ASSERT_TRUE(Acknowledge());
  EXPECT_EQ(Alarm(), "none");
  const auto entries = Entries("audit.acknowledged");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].event.actor.text(), "unix:root");
  const auto detail = nlohmann::json::parse(entries[0].event.detail);
  EXPECT_EQ(detail["reason"], "known");
  EXPECT_EQ(detail["mark"]["entry"], 5);
  EXPECT_EQ(detail["mark"]["hash"], before.hash);
  EXPECT_EQ(detail["audit"]["entry"], 2);
  EXPECT_EQ(run_->guard.mark()->number, 3);
  Append(1);
  Stop();
  Start();
  EXPECT_EQ(Alarm(), "none");
}

TEST_F(GuardTest, AnAcknowledgementHoldsThoughGrantdEndsBeforeTheMarkIsWritten) {
  Append(2);
  Stop();
  Save();
  Start();
  Append(3);
  Stop();
  Restore();
  std::filesystem::copy_file(mark_path_, dir_ / "ahead");
  Start();
  ASSERT_TRUE(Acknowledge());
  Stop();
  std::filesystem::copy_file(dir_ / "ahead", mark_path_,
                             std::filesystem::copy_options::overwrite_existing);
  Start();
  EXPECT_EQ(Alarm(), "none");
  // But it is the word about this mark alone.
  Append(5);
  Stop();
  Restore();
  Start();
  EXPECT_NE(Alarm(), "none");
}

TEST_F(GuardTest, NothingToAcknowledgeIsAConflict) {
  EXPECT_EQ(Acknowledge().error().code, Code::kConflict);
  EXPECT_TRUE(Entries("audit.acknowledged").empty());
}

TEST_F(GuardTest, TheTimeOutlivesGrantd) {
  Append(1);
  clock_.wall += hours(1);
  clock_.since_boot += hours(1);
  run_->guard.Maintain(*run_->store);
  Stop();
  clock_.wall -= seconds(30);
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("clock-wrong: the clock says 2026-11-21T20:59:30Z, which is 30s"));
  clock_.wall += seconds(30);
  EXPECT_EQ(Alarm(), "none");
}

TEST_F(GuardTest, AnAcknowledgedClockIsBelievedAfterTheNextStartToo) {
  clock_.wall += hours(24 * 365);
  Stop();
  Start();
  Append(1, "signature.spent");
  clock_.wall -= hours(24 * 365);
  EXPECT_THAT(Alarm(), HasSubstr("clock-wrong"));
  ASSERT_TRUE(Acknowledge());
  EXPECT_EQ(Alarm(), "none");
  Stop();
  Start();
  EXPECT_EQ(Alarm(), "none");
}

TEST_F(GuardTest, TheLastUseTellsOfATimeThatTheMarkHasForgotten) {
  Append(1);
  std::filesystem::copy_file(mark_path_, dir_ / "older");
  clock_.wall += hours(1);
  clock_.since_boot += hours(1);
  Append(1, "signature.spent");
  Stop();
  std::filesystem::copy_file(dir_ / "older", mark_path_,
                             std::filesystem::copy_options::overwrite_existing);
  clock_.wall -= hours(1);
  Start();
  EXPECT_THAT(Alarm(), HasSubstr("clock-wrong"));
}

TEST_F(GuardTest, AlarmsAreInTheAuditOnceEach) {
  clock_.wall += hours(1);
  for (int i = 0; i < 3; ++i) run_->guard.Maintain(*run_->store);
  clock_.wall -= hours(1);
  for (int i = 0; i < 3; ++i) run_->guard.Maintain(*run_->store);
  EXPECT_EQ(Entries("alarm.raised").size(), 1U);
  EXPECT_EQ(Entries("alarm.ended").size(), 1U);
  EXPECT_THAT(Entries("alarm.raised")[0].event.detail, HasSubstr("clock-wrong"));
}

}  // namespace
}  // namespace grant
