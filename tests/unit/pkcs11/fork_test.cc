// A forked child starts from nothing, and leaves the parent's state alone.
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <thread>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

// What goes wrong in a child, where GoogleTest's own words would be lost.
class Faults {
 public:
  void Expect(CK_RV expected, CK_RV actual, const char* what) {
    if (expected != actual) text_ += std::string(what) + ": " + RvName(actual) + "; ";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Fork : public Host {
 protected:
  // The end-to-end tests fork under the sanitizer, from a host with one thread.
  void SetUp() override {
    Host::SetUp();
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the gate's thread may allocate while this process forks, and the sanitizer's "
                    "allocator then stays locked in the child";
#endif
  }

  static void InChild(const std::function<void(Faults&)>& child) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      alarm(60);
      Faults faults;
      child(faults);
      [[maybe_unused]] ssize_t written = write(ends[1], faults.text().data(), faults.text().size());
      _exit(HasFailure() ? 1 : 0);
    }
    close(ends[1]);
    std::string fault;
    char text[256];
    for (ssize_t got = 0; (got = read(ends[0], text, sizeof text)) > 0;) {
      fault.append(text, static_cast<size_t>(got));
    }
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(fault, "");
  }
};

TEST_F(Fork, TheChildMustInitialiseFirst) {
  CK_SESSION_HANDLE session = OpenSession();
  InChild([&](Faults& faults) {
    CK_SESSION_INFO info{};
    CK_ULONG count = 0;
    faults.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSessionInfo(session, &info), "session");
    faults.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_TRUE, nullptr, &count),
                  "slots");
    faults.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(nullptr), "finalize");
  });
}

TEST_F(Fork, AChildThatInitialisesWorks) {
  CK_SESSION_HANDLE parents = BeginSigning();
  InChild([&](Faults& faults) {
    faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "initialize");
    faults.Expect(CKR_SESSION_HANDLE_INVALID, Sign(parents), "the parent's session");
    faults.Expect(CKR_OK, Sign(BeginSigning()), "sign");
    faults.Expect(CKR_OK, p11->C_Finalize(nullptr), "finalize");
    faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "initialize again");
  });
  EXPECT_RV(CKR_OK, Sign(parents));
}

TEST_F(Fork, AGrandchildStartsFromNothingToo) {
  InChild([&](Faults& faults) {
    faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "child");
    InChild([&](Faults& own) {
      CK_ULONG count = 0;
      own.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_TRUE, nullptr, &count),
                 "slots");
      own.Expect(CKR_OK, p11->C_Initialize(nullptr), "grandchild");
    });
  });
}

TEST_F(Fork, TheChildCannotGoOnWithTheParentsStream) {
  CK_SESSION_HANDLE session = BeginSigning();
  Bytes data(200000, 1);
  ASSERT_RV(CKR_OK, p11->C_SignUpdate(session, data.data(), data.size()));
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  InChild([&](Faults& faults) {
    faults.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_SignFinal(session, signature, &size),
                  "before");
    faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "initialize");
    faults.Expect(CKR_SESSION_HANDLE_INVALID, p11->C_SignFinal(session, signature, &size), "after");
    faults.Expect(CKR_OK, p11->C_Finalize(nullptr), "finalize");
  });
  EXPECT_EQ(gate.Count(gate::MessageType::kSignEnd), 0U);
  EXPECT_RV(CKR_OK, p11->C_SignFinal(session, signature, &size));
  EXPECT_EQ(gate.last_data(), data);
}

TEST_F(Fork, TheParentsConnectionsOutliveTheChild) {
  CK_SESSION_HANDLE session = BeginSigning();
  InChild([&](Faults& faults) { faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "initialize"); });
  EXPECT_RV(CKR_OK, Sign(session));
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 1U);
}

TEST_F(Fork, AForkAmidACallOfAnotherThreadLeavesTheChildUsable) {
  std::promise<void> reached;
  std::promise<void> go_on;
  std::shared_future<void> released = go_on.get_future().share();
  gate.SetSigner([&reached, released](const gate::SignTarget&, ByteView) {
    reached.set_value();
    released.wait();
    return Bytes(kRsaBytes, 0x55);
  });
  CK_SESSION_HANDLE session = BeginSigning();
  std::thread signing([&] { EXPECT_RV(CKR_OK, Sign(session)); });
  reached.get_future().wait();
  InChild([&](Faults& faults) {
    CK_ULONG count = 0;
    faults.Expect(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetSlotList(CK_TRUE, nullptr, &count),
                  "slots");
    faults.Expect(CKR_OK, p11->C_Initialize(nullptr), "initialize");
    faults.Expect(CKR_OK, p11->C_GetSlotList(CK_TRUE, nullptr, &count), "slots again");
    faults.Expect(CKR_OK, p11->C_Finalize(nullptr), "finalize");
  });
  go_on.set_value();
  signing.join();
}

}  // namespace
}  // namespace grant::test
