// Decisions that race each other, the clock and the end of grantd: one consistent outcome, and
// exactly one grant or none. All of them are processes of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <random>
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

  int Audited(const std::string& id, const std::string& event) {
    const auto list = world_.CtlJson({"audit", "list", "--all", "--subject", id, "--event", event});
    return static_cast<int>(list.at("items").size());
  }

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
      EXPECT_EQ(Audited(grants[0], "grant.issued"), 1);
    }
    for (const char* end : {"approved", "rejected", "expired"}) {
      EXPECT_EQ(Audited(id, std::string("request.") + end), status == end ? 1 : 0) << request;
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
    while (!done && Audited(id, "request.expired") == 0) std::this_thread::yield();
    EXPECT_EQ(StatusOf(id), done ? "approved" : "expired");
  }
  RecordProperty("approved", approved);
  ExpectIntactAudit();
}

TEST_F(Races, AKillAtAnyMomentLeavesOneOutcome) {
  Apply(2);
  std::minstd_rand chance(11);
  std::uniform_int_distribution<int> milliseconds(0, 60);
  for (int round = 0; round < 8; ++round) {
    const std::string id = File();
    std::vector<std::future<Outcome>> decisions;
    for (const uid_t uid : kApprovers) {
      decisions.push_back(
          Start(uid, round % 2 == 1 && uid == kApprovers.back() ? "reject" : "approve", id));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(chance)));
    world_.Kill();
    int acknowledged = 0;
    bool rejected = false;
    for (size_t i = 0; i < decisions.size(); ++i) {
      const bool done = decisions[i].get().exit_code == 0;
      acknowledged += done ? 1 : 0;
      rejected |= done && round % 2 == 1 && i + 1 == decisions.size();
    }
    world_.Start();
    std::string status = StatusOf(id);
    if (rejected) {
      EXPECT_EQ(status, "rejected") << "what was acknowledged holds";
    } else if (acknowledged == 2) {
      EXPECT_EQ(status, "approved") << "what was acknowledged holds";
    }
    // Whatever the crash cut off can be done again.
    for (const uid_t uid : kApprovers) world_.Ctl({"request", "approve", id}, uid);
    EXPECT_NE(StatusOf(id), "open");
  }
  ExpectIntactAudit();
}

}  // namespace
}  // namespace grant::test
