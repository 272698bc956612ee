#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class Lifecycle : public testing::Test {
 protected:
  void StartWithRules() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  World world_;
};

TEST_F(Lifecycle, TheModuleRecoversWhenGrantdComesBack) {
  StartWithRules();
  world_.Grant(3);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  ASSERT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Stop(), 0);
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_DEVICE_REMOVED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("grantd"));
  EXPECT_EQ(host->Do("slots"), "CKR_OK 1 0");
  world_.Start();
  EXPECT_EQ(host->Do("slots"), "CKR_OK 1 1");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

TEST_F(Lifecycle, AHostMayStartBeforeGrantd) {
  const auto host = world_.NewHost();
  EXPECT_EQ(host->Do("slots"), "CKR_OK 1 0");
  EXPECT_EQ(host->Do("find release-key"), "CKR_TOKEN_NOT_PRESENT");
  StartWithRules();
  world_.Grant(1);
  EXPECT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

TEST_F(Lifecycle, SigtermEndsGrantdCleanly) {
  StartWithRules();
  EXPECT_EQ(world_.Stop(), 0);
  EXPECT_NE(access(world_.gate_path().c_str(), F_OK), 0);
  EXPECT_NE(access(world_.api_path().c_str(), F_OK), 0);
  world_.Start();
  EXPECT_EQ(world_.Audited("grantd.started"), 2);
  EXPECT_EQ(world_.Audited("grantd.stopped"), 1);
}

TEST_F(Lifecycle, SigtermLetsRunningSignaturesFinish) {
  StartWithRules();
  const std::string id = world_.Grant(1000);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  int delivered = 0;
  std::thread signer([&] {
    while (host->Do("sign ECDSA " + kDigest).rfind("CKR_OK ", 0) == 0) ++delivered;
  });
  while (world_.Used(id) < 5) {
  }
  EXPECT_EQ(world_.Stop(), 0);
  signer.join();
  world_.Start();
  EXPECT_EQ(world_.Used(id), delivered);
  EXPECT_EQ(world_.Audited("signature.unsettled"), 0);
}

TEST_F(Lifecycle, AStaleSocketIsReplaced) {
  StartWithRules();
  world_.Kill();
  ASSERT_EQ(access(world_.gate_path().c_str(), F_OK), 0) << "kill -9 leaves the socket behind";
  world_.Start();
  EXPECT_EQ(world_.Ctl({"whoami"}).exit_code, 0);
}

TEST_F(Lifecycle, AForeignFileInTheSocketsPlaceIsLeftAlone) {
  world_.directory().Write("run/gate.sock", "precious");
  EXPECT_THROW(world_.Start(), std::runtime_error);
  EXPECT_THAT(world_.Log(), HasSubstr(world_.gate_path()));
  struct stat file {};
  ASSERT_EQ(stat(world_.gate_path().c_str(), &file), 0);
  EXPECT_TRUE(S_ISREG(file.st_mode));
  EXPECT_EQ(file.st_size, 8);
}

TEST_F(Lifecycle, ASecondGrantdOnTheSameStateIsRefused) {
  StartWithRules();
  const Outcome second = test::Run({GRANTD_PROGRAM, "--config", world_.directory() / "grantd.toml"},
                                   world_.softhsm().environment());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.output, HasSubstr("another grantd"));
  EXPECT_EQ(world_.Ctl({"whoami"}).exit_code, 0);
}

TEST_F(Lifecycle, AWrongPinStopsGrantdWithAReason) {
  world_.directory().Write("pin", "00000000");
  EXPECT_THROW(world_.Start(), std::runtime_error);
  EXPECT_THAT(world_.Log(), HasSubstr("CKR_PIN_INCORRECT"));
  EXPECT_THAT(world_.Log(), HasSubstr("hint: "));
  EXPECT_THAT(world_.Log(), Not(HasSubstr("00000000")));
}

TEST_F(Lifecycle, AnExposedPinFileStopsGrantdWithAReason) {
  chmod((world_.directory() / "pin").c_str(), 0644);
  EXPECT_THROW(world_.Start(), std::runtime_error);
  EXPECT_THAT(world_.Log(), HasSubstr("chmod 600"));
}

TEST_F(Lifecycle, GarbageOnTheSocketsHarmsNobodyElse) {
  StartWithRules();
  world_.Grant(1);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  for (const std::string& path : {world_.gate_path(), world_.api_path()}) {
    test::Run({"python3", "-c",
               "import os,socket,sys\n"
               "for n in (1, 7, 64, 4096, 300000):\n"
               "    s = socket.socket(socket.AF_UNIX)\n"
               "    s.connect(sys.argv[1])\n"
               "    try: s.sendall(os.urandom(n)); s.shutdown(socket.SHUT_WR); s.recv(100)\n"
               "    except OSError: pass\n",
               path});
  }
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Ctl({"whoami"}).exit_code, 0);
}

TEST_F(Lifecycle, AFullDiskRefusesSignatures) {
  if (!IsRoot()) GTEST_SKIP() << "needs root, to mount a small file system";
  const std::string state = world_.directory() / "state";
  if (test::Run({"mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", state}).exit_code !=
      0) {
    GTEST_SKIP() << "mount is not allowed here";
  }
  StartWithRules();
  const std::string id = world_.Grant(10);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  ASSERT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  test::Run({"dd", "if=/dev/zero", "of=" + state + "/ballast", "bs=4k"});
  // Freed pages of the write-ahead log may still serve some; then none any more.
  std::string answer;
  int delivered = 1;
  for (int i = 0; i < 8; ++i) {
    answer = host->Do("sign ECDSA " + kDigest);
    if (answer.rfind("CKR_OK ", 0) == 0) ++delivered;
  }
  EXPECT_EQ(answer, "CKR_DEVICE_ERROR C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("cannot record the signature"));
  unlink((state + "/ballast").c_str());
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(id), delivered + 1);
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true);
  world_.Stop();
  test::Run({"umount", state});
}

}  // namespace
}  // namespace grant::test
