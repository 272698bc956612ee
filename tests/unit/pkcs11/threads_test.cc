// Many threads in one module.
#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

constexpr int kThreads = 16;

class Threads : public Host {
 protected:
  static void RunAll(const std::function<void()>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(Threads, EachSignsInItsOwnSession) {
  RunAll([this] {
    for (int i = 0; i < 10; ++i) {
      CK_SESSION_HANDLE session = BeginSigning();
      EXPECT_RV(CKR_OK, Sign(session));
      EXPECT_RV(CKR_OK, p11->C_CloseSession(session));
    }
  });
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 10U * kThreads);
  EXPECT_LE(gate.Count(gate::MessageType::kHello), static_cast<size_t>(kThreads));
}

TEST_F(Threads, CallsToGrantdRunSideBySide) {
  // Every signature waits until all of them have arrived.
  std::atomic<int> arrived{0};
  std::promise<void> all;
  std::shared_future<void> complete = all.get_future().share();
  gate.SetSigner([&arrived, &all, complete](const gate::SignTarget&, ByteView) {
    if (++arrived == kThreads) all.set_value();
    complete.wait();
    return Bytes(kRsaBytes, 0x55);
  });
  RunAll([this] { EXPECT_RV(CKR_OK, Sign(BeginSigning())); });
}

TEST_F(Threads, OneSessionSignsOnceHoweverManyTry) {
  CK_SESSION_HANDLE session = BeginSigning();
  std::atomic<int> signed_count{0};
  RunAll([this, session, &signed_count] {
    if (Sign(session) == CKR_OK) ++signed_count;
  });
  EXPECT_EQ(signed_count, 1);
  EXPECT_EQ(gate.Count(gate::MessageType::kSign), 1U);
}

TEST_F(Threads, SearchesAgreeOnHandlesWhileObjectsChange) {
  CK_SESSION_HANDLE session = OpenSession();
  const auto expected = Find(session, {});
  std::atomic<bool> stop{false};
  std::thread changing([this, &stop] {
    while (!stop) gate.SetObjects(SampleObjects());
  });
  RunAll([this, &expected] {
    CK_SESSION_HANDLE own = OpenSession();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(Find(own, {}), expected);
  });
  stop = true;
  changing.join();
}

TEST_F(Threads, TheEndOfTheLibraryDoesNotDisturbACallUnderWay) {
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
  EXPECT_RV(CKR_OK, p11->C_Finalize(nullptr));
  go_on.set_value();
  signing.join();
}

}  // namespace
}  // namespace grant::test
