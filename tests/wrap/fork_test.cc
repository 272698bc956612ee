// Forks: the child gets no second signature from the parent's operation.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/wrap/wrap_world.h"

namespace grant::test {
namespace {

using testing::StartsWith;

class WrapFork : public WrapTest {
 protected:
  WrapFork() {
    Start();
    id_ = world_.Grant(10, {"--window", "1h"}, 0, "ec");
  }

  // What `child()` says, in a forked process.
  template <typename Child>
  static std::string InChild(const Child& child) {
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(60);
      const std::string report = child();
      [[maybe_unused]] const ssize_t written = write(ends[1], report.data(), report.size());
      _exit(0);
    }
    close(ends[1]);
    std::string report(1024, '\0');
    const ssize_t size = read(ends[0], report.data(), report.size());
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    report.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return report;
  }

  std::string id_;
};

const std::string kDigest = "hex:" + std::string(64, 'a');

TEST_F(WrapFork, InTheMiddleOfASignatureGivesTheChildNone) {
  const auto host = NewHost();
  ASSERT_EQ(host->Do(std::string("login ") + World::kPin), "CKR_OK");
  ASSERT_EQ(host->Do("find ec-key"), "CKR_OK");
  ASSERT_EQ(host->Do("begin ECDSA"), "CKR_OK");
  // The child's own C_Initialize is answered by SoftHSM, which the child has inherited initialised.
  EXPECT_EQ(host->Do("fork"),
            "CKR_CRYPTOKI_NOT_INITIALIZED C_Sign, CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_OK, "
            "CKR_OK");
  EXPECT_THAT(host->Do("end " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(id_), 2) << "one by the parent, one by the child's own operation";
}

TEST_F(WrapFork, AChildThatInitialisesGetsNoSignatureFromTheParentsOperation) {
  const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, "ec-key");
  ASSERT_RV(CKR_OK, client_->SignInit(session_, CKM_ECDSA, key));
  EXPECT_EQ(InChild([&] {
              client_->p11->C_Initialize(nullptr);
              return RvName(client_->Sign(session_, std::string(32, 'a')).rv);
            }),
            "CKR_OPERATION_NOT_INITIALIZED");
  EXPECT_EQ(world_.Used(id_), 0);
  EXPECT_RV(CKR_OK, client_->Sign(session_, std::string(32, 'a')).rv);
}

TEST_F(WrapFork, AChildThatFinalisesFirstStartsAnew) {
  EXPECT_EQ(InChild([&] {
              std::string report = RvName(client_->p11->C_Finalize(nullptr));
              report += " " + RvName(client_->p11->C_Initialize(nullptr));
              const CK_SESSION_HANDLE session = client_->OpenSession();
              const CK_OBJECT_HANDLE key = client_->PrivateKey(session, "ec-key");
              return report + " " +
                     RvName(client_->Sign(session, CKM_ECDSA, key, std::string(32, 'a')).rv);
            }),
            "CKR_OK CKR_OK CKR_OK");
  EXPECT_EQ(world_.Used(id_), 1);
  // The parent goes on.
  const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, "ec-key");
  EXPECT_RV(CKR_OK, client_->Sign(session_, CKM_ECDSA, key, std::string(32, 'a')).rv);
}

}  // namespace
}  // namespace grant::test
