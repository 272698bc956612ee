// Machines, auditors and the hours of a policy, with users of their own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');
constexpr uid_t kMachineUid = kBobUid;
constexpr uid_t kAuditorUid = kAliceUid;

// A day of the week that is neither today nor next to it, so that it is not now anywhere near.
std::string ADayThatIsNotNear() {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::weekday day = std::chrono::weekday(today) + std::chrono::days(3);
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  return kDays.at(day.c_encoding());
}

class People : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to act as users of their own";
    world_.ConfigureSite("auditors = [\"" + PrincipalOf(kAuditorUid) + "\"]\n");
    world_.Start();
  }

  // The auditor is named as a user all the same.
  std::string Apply(const std::string& policy_lines = {}) {
    const std::string machine = PrincipalOf(kMachineUid);
    return world_
        .Ctl({"apply", "--yes", "-f",
              world_.directory().Write(
                  "rules.toml", "[[user]]\nname = \"" + machine +
                                    "\"\nkind = \"machine\"\n[[policy]]\nname = \"p\"\n"
                                    "max_window = \"8d\"\nmax_signings = 3\n"
                                    "max_request_ttl = \"7d\"\n" +
                                    policy_lines +
                                    "[[policy.step]]\napprovers = [\"unix:root\"]\n"
                                    "[[signer]]\nname = \"release\"\n"
                                    "key = \"pkcs11:token=prod;object=release-key\"\n"
                                    "policy = \"p\"\nusers = [\"unix:root\", \"" +
                                    machine + "\", \"" + PrincipalOf(kAuditorUid) + "\"]\n")})
        .output;
  }

  Outcome Create(uid_t uid, int signings = 1) {
    return world_.Ctl({"request", "create", "release", "--signings", std::to_string(signings),
                       "--window", "1h", "--reason", "nightly", "--no-wait", "-o", "name"},
                      uid);
  }

  World world_;
};

TEST_F(People, AMachineThatBypassesSignsAtOnceWithinTheBounds) {
  Apply("bypass_machine_identities = true\n");
  const Outcome created = Create(kMachineUid, 2);
  ASSERT_EQ(created.exit_code, 0) << created.output;
  const auto grants = world_.CtlJson({"grant", "list"}).at("items");
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].at("holder"), PrincipalOf(kMachineUid));
  const auto host = world_.NewHost(kMachineUid);
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_EQ(world_.Audited("request.approved"), 1);
  EXPECT_EQ(Create(kMachineUid, 4).exit_code, 1);
  const auto test = world_.Ctl({"policy", "test", "release", "--as", PrincipalOf(kMachineUid),
                                "--signings", "2", "--window", "1h"});
  EXPECT_EQ(test.exit_code, 0);
  EXPECT_THAT(test.output, HasSubstr("approved at once"));
}

TEST_F(People, AnAuditorSeesEverythingAndChangesAndSignsNothing) {
  EXPECT_THAT(Apply(), HasSubstr("warning: signer 'release': " + PrincipalOf(kAuditorUid) +
                                 " is an auditor, and cannot be a user"));
  const std::string id = world_.Grant(1);
  EXPECT_EQ(world_.CtlJson({"grant", "list"}, kAuditorUid).at("items").size(), 1U);
  EXPECT_EQ(world_.CtlJson({"rules", "history"}, kAuditorUid).at("items").size(), 1U);
  EXPECT_EQ(world_.Ctl({"audit", "verify"}, kAuditorUid).exit_code, 0);

  EXPECT_EQ(Create(kAuditorUid).exit_code, 3);
  const Outcome revoked = world_.Ctl({"grant", "revoke", id, "--reason", "x"}, kAuditorUid);
  EXPECT_EQ(revoked.exit_code, 3);
  EXPECT_THAT(revoked.output, HasSubstr("auditors change nothing"));
  EXPECT_EQ(world_.CtlJson({"grant", "show", id}).at("status"), "active");

  const auto host = world_.NewHost(kAuditorUid);
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("is an auditor, and auditors sign nothing"));
}

TEST_F(People, OutsideTheHoursNothingIsSignedUnderAGrantThatIsGood) {
  Apply("hours = [\"" + ADayThatIsNotNear() + " 10:00-12:00\"]\ntime_zone = \"UTC\"\n");
  const std::string id = world_.Grant(1, {"--window", "7d"});
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("policy 'p' allows signatures " + ADayThatIsNotNear()));
  EXPECT_THAT(host->Errors(), HasSubstr("hint: sign from "));
  EXPECT_EQ(world_.Used(id), 0);
  EXPECT_THAT(world_.Ctl({"explain"}).output, HasSubstr("[outside-hours]"));
}

}  // namespace
}  // namespace grant::test
