// Which messages are sent, to whom and when.
#include "tests/unit/notify/courier_fixture.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(CourierTest, TellsTheApproversAndThenTheRequester) {
  Begin();
  const std::string id = File();
  Work();
  EXPECT_THAT(pigeon().taken, ElementsAre("request.filed unix:bob", "request.filed unix:carol"));
  ASSERT_TRUE(workflow_->Reject(Who("unix:bob"), id, "no"));
  Work();
  EXPECT_EQ(pigeon().taken.back(), "request.rejected unix:alice");
  EXPECT_EQ(pigeon().attempts, 3) << "each once";
  EXPECT_THAT(Waiting(), IsEmpty());
}

TEST_F(CourierTest, TriesAgainLaterAndLaterUntilItIsTaken) {
  Begin();
  ASSERT_TRUE(workflow_->Cancel(Who("unix:alice"), File(), ""));
  pigeon().outcome = SendOutcome::kFailed;
  Work();
  const int first = pigeon().attempts;
  now_ += seconds(4);
  Work();
  EXPECT_EQ(pigeon().attempts, first) << "not yet";
  now_ += seconds(1);
  Work();
  EXPECT_EQ(pigeon().attempts, first + 1);
  pigeon().outcome = SendOutcome::kDelivered;
  now_ += hours(1);
  Work();
  EXPECT_EQ(pigeon().taken.size(), 1U);
  EXPECT_THAT(Waiting(), IsEmpty());
}

TEST_F(CourierTest, NobodyIsAskedForAnApprovalThatIsDecidedMeanwhile) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  const std::string cancelled = File();
  Work();
  EXPECT_THAT(Waiting(), ElementsAre(testing::Pair("pigeon", 2)));
  ASSERT_TRUE(workflow_->Cancel(Who("unix:alice"), cancelled, ""));
  const std::string expired = File();
  now_ += hours(25);
  pigeon().outcome = SendOutcome::kDelivered;
  Work();
  EXPECT_THAT(pigeon().taken, ElementsAre("request.cancelled unix:alice")) << expired;
  EXPECT_THAT(Waiting(), IsEmpty());
  EXPECT_THAT(Read([](Tables& tables) {
                AuditFilter filter;
                filter.event = std::string(event::kNotificationFailed);
                return tables.ListAudit(filter);
              }),
              IsEmpty());
}

TEST_F(CourierTest, WhatIsLateWhenItIsFirstLookedAtIsNotEvenQueued) {
  Begin();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), File(), ""));
  Work();
  EXPECT_THAT(pigeon().taken, ElementsAre("request.step-approved unix:dave"));
  EXPECT_EQ(pigeon().attempts, 1);
}

TEST_F(CourierTest, WhoeverHasDecidedIsNotAskedAgainAndTheOthersAre) {
  Rules rules = NotifyingRules();
  rules.policies[0].steps[0].required = 2;
  ApplyRules(rules);
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  const std::string id = File();
  Work();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  pigeon().outcome = SendOutcome::kDelivered;
  now_ += hours(1);
  Work();
  EXPECT_THAT(pigeon().taken, ElementsAre("request.filed unix:carol"));
  EXPECT_THAT(Waiting(), IsEmpty());
}

TEST_F(CourierTest, SaysWhenItHasSomethingToDoAgain) {
  Begin();
  EXPECT_GT(Work(), now_ + seconds(30)) << "nothing waits";
  File();
  pigeon().outcome = SendOutcome::kFailed;
  EXPECT_EQ(Work(), now_ + seconds(5));
}

TEST_F(CourierTest, SendsAllThatWaitsAsSoonAsTheReceiverIsBack) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  File();
  for (int i = 0; i < 200; ++i) {
    now_ += minutes(1);
    Work();
  }
  pigeon().outcome = SendOutcome::kDelivered;
  File();
  now_ += seconds(5);
  Work();
  EXPECT_EQ(pigeon().taken.size(), 4U) << "the old ones too, long before they were due";
}

TEST_F(CourierTest, ADeadReceiverDoesNotKeepTheOthersWaiting) {
  Begin({"dead", "alive"});
  channels_[0]->outcome = SendOutcome::kFailed;
  for (int i = 0; i < 20; ++i) File();
  Work();
  EXPECT_EQ(channels_[0]->attempts, 1) << "held after its first failure";
  EXPECT_EQ(channels_[1]->taken.size(), 40U);
}

TEST_F(CourierTest, OneRefusedMessageDoesNotHoldTheOthersUp) {
  Begin();
  File();
  pigeon().outcome = SendOutcome::kRefused;
  Work();
  EXPECT_EQ(pigeon().attempts, 2) << "both recipients were tried at once";
}

TEST_F(CourierTest, AFailingReceiverIsLoggedOnceAndItsRecoveryOnce) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  File();
  for (int i = 0; i < 50; ++i) {
    Work();
    now_ += minutes(1);
  }
  ASSERT_EQ(sink_->lines.size(), 1U);
  EXPECT_EQ(sink_->lines[0],
            "notify pigeon: test://receiver fails: no route; messages wait and are tried again");
  pigeon().outcome = SendOutcome::kDelivered;
  now_ += hours(1);
  Work();
  ASSERT_EQ(sink_->lines.size(), 2U);
  EXPECT_EQ(sink_->lines[1], "notify pigeon: test://receiver takes messages again");
}

TEST_F(CourierTest, WhatWaitsAndWhatFailedSurvivesARestart) {
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  File();
  Work();
  const size_t lines = sink_->lines.size();
  Begin();
  pigeon().outcome = SendOutcome::kFailed;
  now_ += seconds(5);
  Work();
  EXPECT_EQ(sink_->lines.size(), lines) << "it was failing before";
  pigeon().outcome = SendOutcome::kDelivered;
  now_ += minutes(5);
  Work();
  EXPECT_EQ(pigeon().taken.size(), 2U);
}

TEST_F(CourierTest, WithoutChannelsNothingIsKeptForLater) {
  File();
  Begin({});
  EXPECT_THAT(Unprepared(), IsEmpty());
  Begin({"pigeon"});
  Work();
  EXPECT_THAT(pigeon().taken, IsEmpty());
}

TEST_F(CourierTest, WhatIsBrokenOffIsSentAgainAndCountsAsNoFailure) {
  Begin();
  File();
  pigeon().outcome = SendOutcome::kAborted;
  courier_->Round();
  EXPECT_EQ(Waiting()["pigeon"], 2);
  EXPECT_FALSE(courier_->States().value()[0].failing());
  Begin();
  Work();
  EXPECT_EQ(pigeon().taken.size(), 2U);
}

TEST_F(CourierTest, DeliveredMessagesAreForgottenAfterADay) {
  Begin();
  File();
  const std::string id = Unprepared().at(0).id;
  const auto remembered = [&] {
    return Read([&](Tables& tables) { return tables.FindNotification(id); }).has_value();
  };
  Work();
  now_ += hours(23);
  Work();
  EXPECT_TRUE(remembered());
  now_ += hours(2);
  Work();
  EXPECT_FALSE(remembered());
}

TEST_F(CourierTest, TellsTheStateOfItsChannels) {
  Begin({"dead", "alive"});
  channels_[0]->outcome = SendOutcome::kFailed;
  File();
  now_ += seconds(1);
  Work();
  const auto states = courier_->States().value();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[0].receiver, "test://receiver");
  EXPECT_TRUE(states[0].failing());
  EXPECT_EQ(states[0].waiting, 2);
  EXPECT_EQ(states[0].record.last_error, "no route");
  EXPECT_EQ(states[0].record.last_error_at, now_);
  EXPECT_EQ(states[0].record.last_success_at, std::nullopt);
  EXPECT_FALSE(states[1].failing());
  EXPECT_EQ(states[1].waiting, 0);
  EXPECT_EQ(states[1].record.last_success_at, now_);
}

// Fails every write for as long as it is told.
class StubbornStore : public Store {
 public:
  explicit StubbornStore(Store& inner) : inner_(inner) {}
  using Store::Write;
  Status Write(std::function<Status(Tables&)> work, std::function<void()> durable) override {
    if (full) return grant::Fail(Code::kUnavailable, "the disk is full");
    return inner_.Write(std::move(work), std::move(durable));
  }
  Status Read(std::function<Status(Tables&)> work) override { return inner_.Read(std::move(work)); }
  uint64_t generation() const override { return inner_.generation(); }

  bool full = false;

 private:
  Store& inner_;
};

TEST_F(CourierTest, AFullDiskDoesNotSendTheSameMessageOverAndOver) {
  StubbornStore stubborn(*store_);
  auto channel = std::make_unique<FakeChannel>("pigeon");
  FakeChannel& pigeon = *channel;
  std::vector<std::unique_ptr<Channel>> channels;
  channels.push_back(std::move(channel));
  CourierOptions options;
  options.lookups = {NoGroups, [](const Principal&) { return std::vector<Principal>(); }};
  options.now = [this] { return now_; };
  options.jitter = [] { return 0.0; };
  options.self = P("grantd:self");
  Courier courier(stubborn, std::move(channels), std::move(options));
  ASSERT_TRUE(courier.Begin());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(workflow_->Cancel(Who("unix:alice"), File(), ""));
  courier.Round();
  const int before = pigeon.attempts;
  stubborn.full = true;
  for (int i = 0; i < 10; ++i) {
    courier.Round();
    now_ += minutes(1);
  }
  EXPECT_EQ(pigeon.attempts, before + 1);
  stubborn.full = false;
  for (int i = 0; i < 10; ++i) courier.Round();
  EXPECT_EQ(pigeon.attempts, 3) << "each message once";
}

}  // namespace
}  // namespace grant
