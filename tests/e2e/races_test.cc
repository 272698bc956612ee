// Decisions that race each other, the clock and the end of grantd: one consistent outcome, and
// exactly one grant or none. All of them are processes of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <random>
#include <set>
#include <thread>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

constexpr std::array kApprovers = {kAliceUid, kBobUid, kBobUid + 1, kBobUid + 2};

class Races : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "several users are needed";
    world_.Start();
  }

  // One step that any two of the approvers complete, or as many as `required`.
  void Apply(int required, const std::string& more = {}) {
    std::string approvers;
    for (const uid_t uid : kApprovers) approvers += "\"" + PrincipalOf(uid) + "\", ";
    world_.ApplyRulesText("[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n" +
                          more + "[[policy.step]]\nname = \"Review\"\napprovers = [" + approvers +
                          "]\nrequired = " + std::to_string(required) +
                          "\n[[signer]]\nname = \"release\"\n"
                          "key = \"pkcs11:token=prod;object=release-key\"\npolicy = \"p\"\n"
                          "users = [\"" +
                          PrincipalOf(geteuid()) + "\"]\n");
  }

  std::string File() {
    return world_
        .CtlJson({"request", "create", "release", "--signings", "2", "--window", "1h", "--reason",
                  "a race", "--new", "--no-wait"})
        .at("id");
  }

  std::future<Outcome> Start(uid_t uid, const std::string& verb, const std::string& id) {
    return std::async(std::launch::async, [=, this] {
      return world_.Ctl({"request", verb, id}, uid);
    });
  }

  // What the audit says of it.
  std::multiset<std::string> EventsOf(const std::string& id) {
    std::multiset<std::string> events;
    const auto list = world_.CtlJson({"audit", "list", "--all", "--subject", id});
    for (const auto& entry : list.at("items")) events.insert(entry.at("event"));
    return events;
  }

  bool HasExpired(const std::string& id) { return EventsOf(id).count("request.expired") > 0; }

  // The status, after a look at everything that has to agree with it.
  std::string StatusOf(const std::string& id) {
    const auto request = world_.CtlJson({"request", "show", id});
    const std::string status = request.at("status");
    std::vector<std::string> grants;
    const auto all = world_.CtlJson({"grant", "list", "--all"});
    for (const auto& grant : all.at("items")) {
      if (grant.at("request_id") == id) grants.push_back(grant.at("id"));
    }
    const bool approved = status == "approved";
    EXPECT_EQ(grants.size(), approved ? 1U : 0U) << request;
    if (approved && !grants.empty()) {
      EXPECT_EQ(request.at("grant_id"), grants[0]);
      EXPECT_EQ(EventsOf(grants[0]).count("grant.issued"), 1U);
    }
    const auto events = EventsOf(id);
    EXPECT_EQ(events.count("request.filed"), 1U) << request;
    for (const char* end : {"approved", "rejected", "cancelled", "expired"}) {
      EXPECT_EQ(events.count(std::string("request.") + end), status == end ? 1U : 0U) << request;
    }
    return status;
  }

  void ExpectIntactAudit() { EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true); }

  World world_;
};

TEST_F(Races, ApprovalsAtOnceMakeOneGrant) {
  Apply(2);
  for (int round = 0; round < 5; ++round) {
    const std::string id = File();
    std::vector<std::future<Outcome>> approvals;
    for (const uid_t uid : kApprovers) approvals.push_back(Start(uid, "approve", id));
    int done = 0;
    for (auto& approval : approvals) {
      const Outcome outcome = approval.get();
      if (outcome.exit_code == 0) {
        ++done;
      } else {
        EXPECT_THAT(outcome.output, HasSubstr("is approved, not open"));
      }
    }
    EXPECT_EQ(done, 2) << "two were needed, the others came too late";
    EXPECT_EQ(StatusOf(id), "approved");
  }
  ExpectIntactAudit();
}

TEST_F(Races, AnApprovalAndARejectionAtOnceMakeOneOfTheTwo) {
  Apply(1);
  for (int round = 0; round < 5; ++round) {
    const std::string id = File();
    auto approval = Start(kAliceUid, "approve", id);
    auto rejection = Start(kBobUid, "reject", id);
    const bool approved = approval.get().exit_code == 0;
    const bool rejected = rejection.get().exit_code == 0;
    EXPECT_NE(approved, rejected);
    EXPECT_EQ(StatusOf(id), approved ? "approved" : "rejected");
  }
  ExpectIntactAudit();
}

TEST_F(Races, AnApprovalInTheLastMomentMakesAGrantOrNone) {
  Apply(1, "max_request_ttl = \"1s\"\n");
  std::minstd_rand chance(7);
  std::uniform_int_distribution<int> milliseconds(850, 1100);
  int approved = 0;
  for (int round = 0; round < 8; ++round) {
    const auto filed = std::chrono::steady_clock::now();
    const std::string id = File();
    std::this_thread::sleep_until(filed + std::chrono::milliseconds(milliseconds(chance)));
    const bool done = world_.Ctl({"request", "approve", id}, kAliceUid).exit_code == 0;
    approved += done ? 1 : 0;
    // An expiry is recorded within a moment after it has come.
    while (!done && !HasExpired(id)) std::this_thread::yield();
    EXPECT_EQ(StatusOf(id), done ? "approved" : "expired");
  }
  RecordProperty("approved", approved);
  ExpectIntactAudit();
}

// grantd is killed at a failpoint in the midst of a race, and started again.
class KilledRaces : public Races {
 protected:
  struct Moment {
    const char* point;
    int count;
  };

  void Restart(const Environment& more = {}) {
    world_.Kill();
    world_.UseDaemon(GRANTD_WITH_FAILPOINTS_PROGRAM);
    world_.Start(more);
  }

  void RestartToBeKilledAt(const Moment& moment) {
    Restart({{"FAILPOINT_KILL", std::string(moment.point) + " " + std::to_string(moment.count)}});
  }

  // Where others were faster, the moment may not have come.
  void StartAfterKill(std::chrono::milliseconds limit = {}) {
    if (!world_.IsKilledWithin(limit)) world_.Kill();
    world_.Start();
  }
};

TEST_F(KilledRaces, ADecisionIsMadeInOneWayOrNotAtAll) {
  Apply(2);
  constexpr Moment kMoments[] = {{"decision.before", 2},    {"decision.recorded", 1},
                                 {"decision.recorded", 2},  {"decision.granted", 1},
                                 {"decision.committed", 1}, {"decision.committed", 2}};
  for (const Moment& moment : kMoments) {
    for (const std::string opponent : {"approve", "reject", "cancel"}) {
      SCOPED_TRACE(moment.point + std::string(" against ") + opponent);
      const std::string id = File();
      RestartToBeKilledAt(moment);
      std::vector<std::future<Outcome>> approvals;
      for (const uid_t uid : kApprovers) {
        if (uid != kBobUid) approvals.push_back(Start(uid, "approve", id));
      }
      const bool opposed =
          Start(opponent == "cancel" ? 0 : kBobUid, opponent, id).get().exit_code == 0;
      int approved = 0;
      for (auto& approval : approvals) approved += approval.get().exit_code == 0 ? 1 : 0;
      StartAfterKill();

      const std::string status = StatusOf(id);
      if (opponent == "approve") approved += opposed ? 1 : 0;
      ASSERT_LE(approved, 2);
      if (approved == 2) {
        EXPECT_EQ(status, "approved") << "what was acknowledged holds";
      } else if (opposed && opponent != "approve") {
        EXPECT_EQ(status, opponent == "reject" ? "rejected" : "cancelled");
      }
      // Whatever the crash cut off can be done again.
      for (const uid_t uid : kApprovers) world_.Ctl({"request", "approve", id}, uid);
      EXPECT_EQ(StatusOf(id), status == "open" ? "approved" : status);
    }
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, AnExpiryComesOnceOrAnApprovalWasFaster) {
  Apply(1, "max_request_ttl = \"1s\"\n");
  std::minstd_rand chance(11);
  std::uniform_int_distribution<int> milliseconds(850, 1050);
  for (const Moment& moment : {Moment{"expiry.recorded", 1}, Moment{"expiry.committed", 1},
                               Moment{"decision.recorded", 1}, Moment{"decision.committed", 1}}) {
    SCOPED_TRACE(moment.point);
    RestartToBeKilledAt(moment);
    const auto filed = std::chrono::steady_clock::now();
    const std::string id = File();
    std::this_thread::sleep_until(filed + std::chrono::milliseconds(milliseconds(chance)));
    const bool approved = world_.Ctl({"request", "approve", id}, kAliceUid).exit_code == 0;
    StartAfterKill(std::chrono::seconds(approved ? 0 : 2));
    const auto is_approved = [&] {
      return world_.CtlJson({"request", "show", id}).at("status") == "approved";
    };
    while (!is_approved() && !HasExpired(id)) std::this_thread::yield();
    const std::string status = StatusOf(id);
    EXPECT_TRUE(!approved || status == "approved") << "what was acknowledged holds";
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, ARequestIsFiledOnceHoweverOftenItIsRepeated) {
  Apply(1);
  for (const Moment& moment : {Moment{"filing.recorded", 1}, Moment{"filing.committed", 1}}) {
    SCOPED_TRACE(moment.point);
    RestartToBeKilledAt(moment);
    const std::vector<std::string> create = {"request",    "create",   "release", "--signings",
                                             "1",          "--window", "1h",      "--reason",
                                             moment.point, "--no-wait"};
    EXPECT_NE(world_.Ctl(create).exit_code, 0);
    EXPECT_TRUE(world_.IsKilledWithin(std::chrono::minutes(1)));
    world_.Start();
    EXPECT_EQ(world_.Ctl(create).exit_code, 0);
    std::vector<std::string> filed;
    const auto all = world_.CtlJson({"request", "list", "--all"});
    for (const auto& request : all.at("items")) {
      if (request.at("justification") == moment.point) filed.push_back(request.at("id"));
    }
    ASSERT_EQ(filed.size(), 1U);
    EXPECT_EQ(StatusOf(filed[0]), "open");
  }
  ExpectIntactAudit();
}

}  // namespace
}  // namespace grant::test
