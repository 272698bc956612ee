// The failpoints are where they say, and only grantd_with_failpoints heeds them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "grantd/descriptor.h"
#include "grantd/failpoint.h"
#include "tests/e2e/world.h"
#include "tests/torture/long_log.h"
#include "tests/torture/old_database.h"
#include "tests/torture/trace.h"

namespace grant::test {
namespace {

using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');
// No RSA operation takes it.
const std::string kTooLarge = "hex:" + std::string(512, 'f');

TEST(Failpoint, EveryPointHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < failpoint::kPoints; ++i) {
    const auto point = static_cast<failpoint::Point>(i);
    names.insert(failpoint::Name(point));
    EXPECT_EQ(failpoint::PointByName(failpoint::Name(point)), point);
  }
  EXPECT_EQ(names.size(), failpoint::kPoints);
  EXPECT_EQ(failpoint::PointByName("spend"), std::nullopt);
}

class Failpoints : public testing::Test {
 protected:
  Failpoints()
      : world_({{KeyKind::kP256, "release-key", "01"}, {KeyKind::kRsa2048, "rsa-key", "02"}}) {
    world_.UseDaemon(GRANTD_WITH_FAILPOINTS_PROGRAM);
  }

  void ApplyRules() {
    const std::string user = "\"" + PrincipalOf(geteuid()) + "\"";
    world_.ApplyRulesText(
        "[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 10\n"
        "max_request_ttl = \"1s\"\n[[policy.step]]\nname = \"Review\"\napprovers = [" +
        user + "]\n[[signer]]\nname = \"release\"\npolicy = \"p\"\nusers = [" + user +
        "]\nkey = \"pkcs11:token=prod;object=release-key\"\n"
        "[[signer]]\nname = \"open\"\nusers = [" +
        user + "]\nkey = \"pkcs11:token=prod;object=rsa-key\"\n");
  }

  std::string trace_path() const { return world_.directory() / "trace"; }

  bool IsReached(const std::string& point) const {
    for (const TraceLine& line : ReadTrace(trace_path())) {
      if (line.point == point) return true;
    }
    return false;
  }

  void AwaitPoint(const std::string& point) const {
    while (!IsReached(point)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  World world_;
};

TEST_F(Failpoints, EachIsReachedByARunningDaemon) {
  const std::string fifo = world_.directory() / "hold";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  world_.Start({{"FAILPOINT_TRACE", trace_path()}, {"FAILPOINT_HOLD", "token.after 1 " + fifo}});
  ApplyRules();
  const auto host = world_.NewHost();
  const auto other = world_.NewHost();

  // A revocation overtakes the first signature.
  const std::string revoked = world_.Grant(1);
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  auto first = std::async(std::launch::async, [&] { return host->Do("sign ECDSA " + kDigest); });
  {
    const Descriptor held(open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    AwaitPoint("spend.committed");
    world_.CtlJson({"grant", "revoke", revoked, "--reason", "test"});
  }
  EXPECT_EQ(first.get(), "CKR_FUNCTION_REJECTED C_Sign");

  // The next one is delivered, and one that the token refuses is not.
  world_.Grant(1);
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  AwaitPoint("settle.before");
  ASSERT_EQ(other->Do("find rsa-key"), "CKR_OK");
  EXPECT_THAT(other->Do("sign RSA-X-509 " + kTooLarge), testing::Not(StartsWith("CKR_OK")));

  // A request that nobody decides on expires.
  world_.Ctl({"request", "create", "release", "--signings", "1", "--window", "1h", "--reason",
              "test", "--no-wait"});
  AwaitPoint("expiry.committed");

  // A signature is delivered whose outcome is not recorded any more, and a long log is moved into
  // the database.
  world_.Kill();
  LengthenLog(world_.directory() / "state");
  world_.Start({{"FAILPOINT_TRACE", trace_path()}, {"FAILPOINT_KILL", "reply.after 1"}});
  EXPECT_THAT(other->Do("sign SHA256-RSA-PKCS text"), StartsWith("CKR_OK "));
  EXPECT_TRUE(world_.IsKilledWithin(std::chrono::minutes(1)));
  world_.Start({{"FAILPOINT_TRACE", trace_path()}});

  // A later grantd comes to an old database.
  world_.Kill();
  const std::string state = world_.directory() / "state";
  std::filesystem::remove_all(state);
  ASSERT_EQ(mkdir(state.c_str(), 0700), 0);
  MakeOldDatabase(state, 1);
  world_.Start({{"FAILPOINT_TRACE", trace_path()}});

  for (size_t i = 0; i < failpoint::kPoints; ++i) {
    const std::string name(failpoint::Name(static_cast<failpoint::Point>(i)));
    EXPECT_TRUE(IsReached(name)) << name;
  }
}

TEST_F(Failpoints, AKillOrderedInTheEnvironmentIsHeededByTheTestDaemonAlone) {
  const Environment order = {{"FAILPOINT_KILL", "reply.before 1"}};
  for (const char* program : {GRANTD_PROGRAM, GRANTD_WITH_FAILPOINTS_PROGRAM}) {
    const bool heeds = std::string(program) != GRANTD_PROGRAM;
    world_.UseDaemon(program);
    world_.Start(order);
    ApplyRules();
    const auto host = world_.NewHost();
    ASSERT_EQ(host->Do("find rsa-key"), "CKR_OK");
    EXPECT_THAT(host->Do("sign SHA256-RSA-PKCS text"),
                StartsWith(heeds ? "CKR_DEVICE_REMOVED C_Sign" : "CKR_OK "));
    if (heeds) {
      EXPECT_TRUE(world_.IsKilledWithin(std::chrono::minutes(1)));
    } else {
      world_.Kill();
    }
  }
}

}  // namespace
}  // namespace grant::test
