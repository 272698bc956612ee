// Where a PIN is while grantd runs: the real daemon, its workers, and everything they write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/e2e/process_memory.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kPin = World::kPin;
// All of it but what the end of a text overwrites where that is emptied, and not wiped.
const std::string kTail = kPin.substr(1);

class PinInMemory : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to read the memory of others";
    if (!std::string(SANITIZED).empty()) GTEST_SKIP() << "the shadow memory is too much to read";
  }

  // Logs in, and signs; the PIN is in no file beside `but`.
  void SignAndSearchFiles(World& world, const std::string& but) {
    world.ApplyRules({"unix:root"});
    world.Grant(2);
    const auto host = world.NewHost();
    EXPECT_EQ(host->Do("find release-key"), "CKR_OK");
    EXPECT_THAT(host->Do("sign ECDSA hex:" + std::string(64, 'a')), StartsWith("CKR_OK "));
    EXPECT_EQ(
        test::Run({"grep", "-rl", "--binary-files=text", "-F", kPin, world.directory().path()})
            .output,
        but + "\n");
    for (const pid_t process : WithWorkers(world)) {
      for (const char* file : {"environ", "cmdline"}) {
        EXPECT_THAT(ProcFile(process, file), Not(HasSubstr(kPin)));
      }
      EXPECT_THAT(ProcFile(process, "limits"), testing::ContainsRegex("Max core file size +0 +0"));
    }
  }

  static std::vector<pid_t> WithWorkers(World& world) {
    // grantd serves from the first one on, and one that is not logged in has no secret to keep.
    std::vector<pid_t> all;
    while (all.size() != 2 || world.Log().find("worker 0 is logged in") == std::string::npos ||
           world.Log().find("worker 1 is logged in") == std::string::npos) {
      all = ChildrenOf(world.pid());
    }
    all.push_back(world.pid());
    return all;
  }

  // SoftHSM keeps the user's PIN masked, so that a copy in the clear would be one of ours.
  static void ExpectNoneInWorkers(World& world) {
    for (const pid_t worker : ChildrenOf(world.pid())) {
      EXPECT_TRUE(MemoryHolds(worker, "softhsm")) << "the search finds what is there";
      EXPECT_EQ(OccurrencesInMemory(worker, kTail), 0U) << worker;
    }
  }
};

TEST_F(PinInMemory, OfAFileItIsGoneAfterTheLogin) {
  World world;
  world.Start();
  SignAndSearchFiles(world, world.directory() / "pin");
  EXPECT_EQ(OccurrencesInMemory(world.pid(), kTail), 0U);
  ExpectNoneInWorkers(world);
}

TEST_F(PinInMemory, ThatWasTypedInIsThereOnceAndGoneAfterSealing) {
  World world;
  world.ConfigurePin("pin_source = \"unseal\"");
  world.Start();
  const std::string typed = world.directory() / "pin";
  const Outcome given =
      test::Run({"sh", "-c", std::string(GRANTCTL_PROGRAM) + " unseal < " + typed},
                world.client_environment());
  ASSERT_EQ(given.exit_code, 0) << given.output;
  // Before other requests come to lie over what this one left.
  EXPECT_EQ(OccurrencesInMemory(world.pid(), kTail), 1U);
  SignAndSearchFiles(world, typed);
  EXPECT_EQ(OccurrencesInMemory(world.pid(), kTail), 1U);
  ExpectNoneInWorkers(world);
  ASSERT_EQ(world.Ctl({"seal", "--reason", "a test"}).exit_code, 0);
  EXPECT_EQ(OccurrencesInMemory(world.pid(), kTail), 0U);
}

TEST_F(PinInMemory, IsForNobodyOfTheSameUserToLookAt) {
  World world({{KeyKind::kP256, "release-key", "01"}}, kDaemonUid);
  world.Start();
  const std::string uid = std::to_string(kDaemonUid);
  for (const pid_t process : WithWorkers(world)) {
    const Outcome look =
        test::Run({"setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "head", "-c", "1",
                   "/proc/" + std::to_string(process) + "/mem"});
    EXPECT_THAT(look.output, HasSubstr("Permission denied"));
  }
}

}  // namespace
}  // namespace grant::test
