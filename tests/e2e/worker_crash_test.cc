// A backing module that crashes or hangs, under a whole grantd: what people are told, and what else
// goes on. The token "fragile" is before the ordinary one, so that hosts take it first.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <new>

#include "tests/e2e/world.h"
#include "tests/unit/supervisor/fake_hsm.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class WorkerCrash : public testing::Test {
 protected:
  WorkerCrash() {
    const TempDir& directory = world_.directory();
    const std::string path = directory.Write("control", std::string(sizeof(FakeHsmControl), '\0'));
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    void* const memory =
        mmap(nullptr, sizeof(FakeHsmControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    hsm_ = new (memory) FakeHsmControl;
    setenv(kFakeHsmControl, path.c_str(), 1);
    world_.ConfigureSite("[[token]]\nname = \"fragile\"\nmodule = \"" FAKE_HSM_MODULE
                         "\"\nuri = \"pkcs11:token=fake\"\nworkers = 1\ncall_timeout = \"3s\"\n"
                         "pin_file = \"" +
                         directory.Write("fragile.pin", "1234") + "\"\n");
  }
  ~WorkerCrash() override { munmap(hsm_, sizeof(FakeHsmControl)); }

  void Start() {
    world_.Start();
    const std::string self = PrincipalOf(geteuid());
    world_.ApplyRulesText(
        "[[policy]]\nname = \"p\"\nmax_window = \"8h\"\nmax_signings = 100\n[[policy.step]]\n"
        "name = \"s\"\napprovers = [\"" +
        self +
        "\"]\n[[signer]]\nname = \"release\"\nkey = \"pkcs11:token=fake;object=key\"\npolicy = "
        "\"p\"\nusers = [\"" +
        self +
        "\"]\n[[signer]]\nname = \"other\"\nkey = \"pkcs11:token=prod;object=release-key\"\n"
        "policy = \"p\"\nusers = [\"" +
        self + "\"]\n");
  }

  // The last entry of this kind, as `grantctl audit list` shows it.
  nlohmann::json LastEntry(const std::string& event) {
    const nlohmann::json newest_first = world_.CtlJson({"audit", "list", "--all"});
    for (const auto& entry : newest_first.at("items")) {
      if (entry.at("event") == event) return entry;
    }
    return nullptr;
  }

  World world_;
  FakeHsmControl* hsm_ = nullptr;
};

TEST_F(WorkerCrash, ASignatureUnderWayIsRefusedWithASpentUseThatIsExplained) {
  Start();
  const std::string id = world_.Grant(10);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find key"), "CKR_OK");
  ASSERT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));

  hsm_->sign = Mishap::kCrash;
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_DEVICE_REMOVED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("C_Sign: the process that runs the module died"));
  EXPECT_THAT(host->Errors(), HasSubstr("the use stays spent"));
  EXPECT_THAT(LastEntry("signature.unsettled").dump(),
              HasSubstr("C_Sign: the process that runs the module died"));
  EXPECT_EQ(world_.Used(id), 2);
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK ")) << "grantd is alive";

  hsm_->sign = Mishap::kHang;
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_DEVICE_REMOVED C_Sign");
  EXPECT_THAT(LastEntry("signature.unsettled").dump(),
              HasSubstr("the module did not answer within 3 s"));
  EXPECT_EQ(world_.Used(id), 4);
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true);
  EXPECT_EQ(world_.Stop(), 0);
}

TEST_F(WorkerCrash, ATokenWhoseModuleCannotStartKeepsNoOtherFromBeingServed) {
  world_.Start();
  world_.ApplyRules({PrincipalOf(geteuid())});
  world_.Stop();
  hsm_->initialize = Mishap::kCrashAlways;
  world_.Start();
  EXPECT_THAT(world_.Log(), HasSubstr("token fragile: absent"));
  world_.Grant(1);
  const auto host = world_.NewHost();
  EXPECT_EQ(host->Do("slots"), "CKR_OK 1 1") << "nobody knows the other slot yet";
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  hsm_->initialize = Mishap::kNone;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (host->Do("slots") != "CKR_OK 2 2") {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the token never came";
  }
}

}  // namespace
}  // namespace grant::test
