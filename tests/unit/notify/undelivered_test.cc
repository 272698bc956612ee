// What becomes of messages that cannot be delivered.
#include "tests/unit/notify/courier_fixture.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(CourierTest, ThatNobodyCouldBeAskedBeforeARequestExpiredIsRecorded) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  const std::string id = File();
  Work();
  now_ += hours(24);
  Work();
  EXPECT_THAT(Waiting(), IsEmpty());
  const auto failures = AuditedFailures();
  ASSERT_EQ(failures.size(), 2U) << "one for each recipient";
  EXPECT_EQ(failures[0].event.subject, id);
  EXPECT_THAT(failures[0].event.detail, HasSubstr("the request expired before it got through"));
  EXPECT_EQ(pigeon().attempts, 1);
}

TEST_F(CourierTest, ARefusedMessageIsGivenUpAtOnceWithAnAuditEntryAndIsSeenInTheState) {
  Begin();
  pigeon().refused = {"unix:bob"};
  const std::string id = File();
  Work();
  EXPECT_THAT(Waiting(), IsEmpty());
  const auto failures = AuditedFailures();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].event.subject, id);
  EXPECT_THAT(failures[0].event.detail, HasSubstr("no such letters"));
  EXPECT_EQ(courier_->States().value()[0].record.last_error, "no such letters");
  now_ += hours(1);
  Work();
  EXPECT_EQ(pigeon().attempts, 2) << "each once";
}

TEST_F(CourierTest, WhatCannotBePreparedDoesNotKeepTheRest) {
  Begin();
  const std::string first = File();
  Work();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), first, ""));
  unknowable_ = P("unix:bob");
  File();
  Work();
  EXPECT_EQ(pigeon().taken.size(), 4U) << "the second request, not the first's next step";
  unknowable_ = {};
  now_ += minutes(1);
  Work();
  EXPECT_EQ(pigeon().taken.back(), "request.step-approved unix:dave");
  EXPECT_THAT(Unprepared(), IsEmpty());
}

TEST_F(CourierTest, WhatCanNeverBePreparedIsGivenUp) {
  Begin();
  const std::string id = File();
  Work();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  unknowable_ = P("unix:bob");
  for (int i = 0; i < 25; ++i) {
    Work();
    now_ += hours(1);
  }
  EXPECT_THAT(Unprepared(), IsEmpty());
  EXPECT_EQ(pigeon().taken.size(), 2U);
  ASSERT_EQ(AuditedFailures().size(), 1U);
  EXPECT_EQ(AuditedFailures()[0].event.subject, id);
}

TEST_F(CourierTest, WhatBecomesUnreadableWaitsWithoutHoldingTheOthersUp) {
  Begin();
  const std::string id = File();
  Work();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  pigeon().outcome = SendOutcome::kFailed;
  Work();
  unknowable_ = P("unix:bob");
  pigeon().outcome = SendOutcome::kDelivered;
  File();
  now_ += minutes(1);
  Work();
  EXPECT_EQ(pigeon().taken.size(), 4U);
  unknowable_ = {};
  now_ += minutes(2);
  Work();
  EXPECT_EQ(pigeon().taken.size(), 5U);
}

TEST_F(CourierTest, WhatDoesNotWaitAnyMoreIsDone) {
  Begin();
  File();
  Work();
  pigeon().outcome = SendOutcome::kDelivered;
  File();
  pigeon().on_send = [this](const Delivery& delivery) {
    ASSERT_TRUE(store_->Write([&](Tables& tables) { return tables.RemoveDelivery(delivery); }));
  };
  Work();
  pigeon().on_send = {};
  File();
  Work();
  EXPECT_EQ(pigeon().taken.size(), 6U);
}

TEST_F(CourierTest, AllThatIsOverdueIsGivenUpWithTheFirst) {
  give_up_ = hours(12);  // before the requests expire
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  for (int i = 0; i < 20; ++i) File();
  Work();
  now_ += hours(13);
  const int before = pigeon().attempts;
  Work();
  EXPECT_EQ(pigeon().attempts, before + 1);
  EXPECT_THAT(Waiting(), IsEmpty());
  EXPECT_EQ(AuditedFailures().size(), 40U);
}

TEST_F(CourierTest, GivesUpAfterADayAndSaysSoOnce) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  const std::string id = File();
  ASSERT_TRUE(workflow_->Cancel(Who("unix:alice"), id, ""));
  for (int i = 0; i < 60 * 30; ++i) {
    Work();
    now_ += minutes(1);
  }
  EXPECT_THAT(Waiting(), IsEmpty());
  const auto failures = AuditedFailures();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].event.subject, id);
  EXPECT_EQ(failures[0].event.signer, "release");
  EXPECT_EQ(failures[0].event.actor, P("grantd:self"));
  EXPECT_THAT(failures[0].event.detail, HasSubstr(R"("reason":"no route")"));
  EXPECT_THAT(failures[0].event.detail, HasSubstr(R"("recipient":"unix:alice")"));
  EXPECT_GE(failures[0].event.at, At(24 * 3600));
  EXPECT_LE(failures[0].event.at, At(24 * 3600 + 120));
  EXPECT_THAT(sink_->lines, testing::Contains(HasSubstr("gave up")).Times(1));
}

TEST_F(CourierTest, AFullOutboxDropsTheOldestWithAnAuditEntry) {
  waiting_max_ = 3;
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  const std::string oldest = File();
  now_ += seconds(1);
  File();
  Work();
  EXPECT_EQ(Waiting()["pigeon"], 3);
  const auto failures = AuditedFailures();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].event.subject, oldest);
  EXPECT_THAT(failures[0].event.detail, HasSubstr("too many messages wait"));
}

TEST_F(CourierTest, WhatWaitsForAChannelThatIsGoneIsGivenUpAtTheStart) {
  Begin({"pigeon"});
  pigeon().outcome = SendOutcome::kFailed;
  File();
  Work();
  Begin({"raven"});
  EXPECT_THAT(Waiting(), IsEmpty());
  EXPECT_EQ(AuditedFailures().size(), 2U);
}

}  // namespace
}  // namespace grant
