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
  static std::string RulesText(int required, const std::string& more = {}) {
    std::string approvers;
    for (const uid_t uid : kApprovers) approvers += "\"" + PrincipalOf(uid) + "\", ";
    return "[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n" + more +
           "[[policy.step]]\nname = \"Review\"\napprovers = [" + approvers +
           "]\nrequired = " + std::to_string(required) +
           "\n[[signer]]\nname = \"release\"\n"
           "key = \"pkcs11:token=prod;object=release-key\"\npolicy = \"p\"\n"
           "users = [\"" +
           PrincipalOf(geteuid()) + "\"]\n";
  }
  void Apply(int required, const std::string& more = {}) {
    world_.ApplyRulesText(RulesText(required, more));
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

TEST_F(Races, TheSameRequestFiledAtOnceIsFiledOnce) {
  Apply(1);
  std::vector<std::future<Outcome>> filings;
  for (int i = 0; i < 4; ++i) {
    filings.push_back(std::async(std::launch::async, [this] {
      return world_.Ctl({"request", "create", "release", "--signings", "1", "--window", "1h",
                         "--reason", "twice", "--no-wait"});
    }));
  }
  for (auto& filing : filings) EXPECT_EQ(filing.get().exit_code, 0);
  EXPECT_EQ(world_.CtlJson({"request", "list"}).at("items").size(), 1U);
  EXPECT_EQ(world_.Audited("request.filed"), 1);
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

  // Where others were faster, the moment may not have come; false then.
  bool StartAfterKill(std::chrono::milliseconds limit = {}) {
    const bool killed = world_.IsKilledWithin(limit);
    if (!killed) world_.Kill();
    world_.Start();
    return killed;
  }

  // Has grantd killed at this point of what `arguments` ask for, whose answer is lost so.
  void BeKilledAt(const char* point, const std::vector<std::string>& arguments, uid_t uid = 0) {
    RestartToBeKilledAt({point, 1});
    EXPECT_NE(world_.Ctl(arguments, uid).exit_code, 0);
    EXPECT_TRUE(StartAfterKill(kKillLimit));
  }

  std::vector<std::string> IdsOf(const std::string& justification) {
    std::vector<std::string> ids;
    const auto all = world_.CtlJson({"request", "list", "--all"});
    for (const auto& request : all.at("items")) {
      if (request.at("justification") == justification) ids.push_back(request.at("id"));
    }
    return ids;
  }

  static constexpr std::chrono::minutes kKillLimit{1};
};

TEST_F(KilledRaces, OneDecisionAloneIsMadeOrNotAtAll) {
  Apply(1);
  struct Killed {
    const char* verb;
    const char* point;
    const char* leaves;
  };
  constexpr Killed kKilled[] = {
      {"approve", "decision.before", "open"},  {"approve", "decision.recorded", "open"},
      {"approve", "decision.granted", "open"}, {"approve", "decision.committed", "approved"},
      {"reject", "decision.recorded", "open"}, {"reject", "decision.committed", "rejected"},
      {"cancel", "decision.recorded", "open"}, {"cancel", "decision.committed", "cancelled"}};
  for (const Killed& killed : kKilled) {
    SCOPED_TRACE(killed.verb + std::string(" at ") + killed.point);
    const uid_t uid = killed.verb == std::string("cancel") ? 0 : kAliceUid;
    const std::string id = File();
    BeKilledAt(killed.point, {"request", killed.verb, id}, uid);
    EXPECT_EQ(StatusOf(id), killed.leaves);
    const bool again = world_.Ctl({"request", killed.verb, id}, uid).exit_code == 0;
    EXPECT_EQ(again, killed.leaves == std::string("open"));
    EXPECT_NE(StatusOf(id), "open");
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, ARevocationIsDurableBeforeItIsAnsweredOrNotMade) {
  Apply(1);
  struct Killed {
    const char* point;
    const char* leaves;
  };
  for (const Killed& killed :
       {Killed{"revoke.recorded", "active"}, Killed{"revoke.committed", "revoked"},
        Killed{"revoke.withdrawn", "revoked"}}) {
    SCOPED_TRACE(killed.point);
    const std::string id = File();
    const std::string grant = world_.CtlJson({"request", "approve", id}, kAliceUid).at("grant_id");
    const std::vector<std::string> revoke = {"grant", "revoke", grant, "--reason", "a race"};
    BeKilledAt(killed.point, revoke, kAliceUid);
    EXPECT_EQ(world_.CtlJson({"grant", "show", grant}).at("status"), killed.leaves);
    const bool again = world_.Ctl(revoke, kAliceUid).exit_code == 0;
    EXPECT_EQ(again, killed.leaves == std::string("active"));
    EXPECT_EQ(EventsOf(grant).count("grant.revoked"), 1U);
    const auto host = world_.NewHost();
    ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
    EXPECT_EQ(host->Do("sign ECDSA hex:" + std::string(64, 'a')), "CKR_FUNCTION_REJECTED C_Sign");
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, AnExpiryThatIsCutOffComesAfterwards) {
  Apply(1, "max_request_ttl = \"1s\"\n");
  for (const char* point : {"expiry.recorded", "expiry.committed"}) {
    SCOPED_TRACE(point);
    RestartToBeKilledAt({point, 1});
    const std::string id = File();
    ASSERT_TRUE(StartAfterKill(kKillLimit));
    EXPECT_NE(world_.Ctl({"request", "approve", id}, kAliceUid).exit_code, 0);
    while (!HasExpired(id)) std::this_thread::yield();
    EXPECT_EQ(StatusOf(id), "expired");
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, AMachinesRequestIsThereWithItsGrantOrNotAtAll) {
  world_.ApplyRulesText("[[user]]\nname = \"" + PrincipalOf(geteuid()) +
                        "\"\nkind = \"machine\"\n" +
                        RulesText(1, "bypass_machine_identities = true\n"));
  for (const std::string point : {"filing.recorded", "decision.granted", "filing.committed"}) {
    SCOPED_TRACE(point);
    BeKilledAt(point.c_str(), {"request", "create", "release", "--signings", "1", "--window", "1h",
                               "--reason", point, "--no-wait"});
    const auto filed = IdsOf(point);
    ASSERT_EQ(filed.size(), point == "filing.committed" ? 1U : 0U);
    for (const std::string& id : filed) EXPECT_EQ(StatusOf(id), "approved");
  }
  EXPECT_EQ(world_.CtlJson({"grant", "list"}).at("items").size(), 1U);
  ExpectIntactAudit();
}

TEST_F(KilledRaces, RulesAreThoseOfOneVersion) {
  Apply(1);
  const std::string path = world_.directory().Write("changed.toml", RulesText(2));
  const std::vector<std::string> apply = {"apply", "-f", path, "--yes"};
  for (const auto& [point, version] : {std::pair{"rules.recorded", 1}, {"rules.committed", 2}}) {
    SCOPED_TRACE(point);
    BeKilledAt(point, apply);
    EXPECT_EQ(world_.CtlJson({"rules", "show"}).at("version"), version);
    EXPECT_EQ(world_.Audited("rules.applied"), version);
    EXPECT_EQ(world_.CtlJson({"policy", "show", "p"}).at("steps")[0].at("required"), version);
  }
  ExpectIntactAudit();
}

TEST_F(KilledRaces, ADecisionIsMadeInOneWayOrNotAtAll) {
  Apply(2);
  constexpr Moment kMoments[] = {{"decision.before", 2},    {"decision.recorded", 1},
                                 {"decision.recorded", 2},  {"decision.granted", 1},
                                 {"decision.committed", 1}, {"decision.committed", 2}};
  // A sanitizer makes each start of grantd slow, and the opponents differ in what they write alone.
  std::vector<std::string> opponents = {"reject"};
  if (std::string(SANITIZED).empty()) opponents = {"approve", "reject", "cancel"};
  for (const Moment& moment : kMoments) {
    for (const std::string& opponent : opponents) {
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
      const bool killed = StartAfterKill(std::chrono::seconds(opponent == "approve" ? 60 : 0));
      EXPECT_TRUE(killed || opponent != "approve") << "enough of them to come so far";

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
  for (const char* point : {"filing.recorded", "filing.committed"}) {
    SCOPED_TRACE(point);
    const std::vector<std::string> create = {"request", "create",   "release", "--signings",
                                             "1",       "--window", "1h",      "--reason",
                                             point,     "--no-wait"};
    BeKilledAt(point, create);
    EXPECT_EQ(world_.Ctl(create).exit_code, 0);
    const auto filed = IdsOf(point);
    ASSERT_EQ(filed.size(), 1U);
    EXPECT_EQ(StatusOf(filed[0]), "open");
  }
  ExpectIntactAudit();
}

}  // namespace
}  // namespace grant::test
