// What becomes of calls, and of the others, when a backing module crashes, hangs or loses its
// token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class Mishaps : public Supervised {};

TEST_F(Mishaps, ASignatureUnderWayInACrashHasAnUnknownOutcomeAndTheNextOneWorks) {
  settings_.workers = 1;
  const auto token = Open();
  const uint64_t key = KeyId(*token);
  hsm_->sign = Mishap::kCrash;
  const auto failed = SignWith(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().answered);
  EXPECT_EQ(failed.error().rv, CKR_DEVICE_REMOVED);
  EXPECT_EQ(Describe(failed.error()), "C_Sign: the process that runs the module died");
  EXPECT_TRUE(SignWith(*token, key)) << "IDs outlive the worker";
  EXPECT_EQ(hsm_->starts, 2U);
}

// Its answer may still come, and nobody is to take it for that to the next request.
TEST_F(Mishaps, ASignatureThatNobodyWaitsForEndsItsWorker) {
  settings_.workers = 1;
  const auto token = Open();
  const uint64_t key = KeyId(*token);
  const gate::SignMechanism mechanism{CKM_ECDSA, {}};
  const Bytes data(32, 1);
  static_cast<void>(token->StartSigning(key, mechanism, data));
  EXPECT_TRUE(SignWith(*token, key));
  EXPECT_EQ(hsm_->starts, 2U);
}

TEST_F(Mishaps, AModuleThatHangsIsEndedAfterTheTimeOfACall) {
  settings_.workers = 1;
  settings_.call_timeout = std::chrono::seconds(2);
  const auto token = Open();
  const uint64_t key = KeyId(*token);
  hsm_->sign = Mishap::kHang;
  const auto failed = SignWith(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_FALSE(failed.error().answered);
  EXPECT_EQ(Describe(failed.error()),
            "C_Sign: the module did not answer within 2 s, so its process was ended");
  EXPECT_TRUE(SignWith(*token, key));
}

TEST_F(Mishaps, OtherWorkersServeOnWhileOneIsDown) {
  options_.restarts = {std::chrono::minutes(1), std::chrono::minutes(1)};
  const auto token = OpenWith(2);
  const uint64_t key = KeyId(*token);
  hsm_->sign = Mishap::kCrash;
  EXPECT_FALSE(SignWith(*token, key));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(SignWith(*token, key));
  EXPECT_TRUE(token->Describe().present);
}

TEST_F(Mishaps, AModuleThatCrashesAtEachStartLeavesTheTokenAbsentUntilItDoesNot) {
  hsm_->initialize = Mishap::kCrashAlways;
  const auto token = Open();
  EXPECT_FALSE(token->Describe().present);
  EXPECT_EQ(token->Describe().label, "fake") << "as its URI says";
  const auto objects = token->Objects();
  ASSERT_FALSE(objects);
  EXPECT_THAT(objects.error().message, HasSubstr("token 'prod' is absent: "));
  const auto failed = SignWith(*token, 1);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().answered) << "nothing can have been signed";
  EXPECT_EQ(failed.error().rv, CKR_TOKEN_NOT_PRESENT);
  WaitUntil([&] { return hsm_->starts > 3; });
  hsm_->initialize = Mishap::kNone;
  WaitUntil([&] { return token->Describe().present; });
  EXPECT_TRUE(SignWith(*token, KeyId(*token)));
}

TEST_F(Mishaps, ATokenThatIsNotThereYetAppearsWhenItComes) {
  hsm_->absent = true;
  const auto token = Open();
  EXPECT_FALSE(token->Describe().present);
  hsm_->absent = false;
  WaitUntil([&] { return token->Describe().present; });
  EXPECT_TRUE(SignWith(*token, KeyId(*token)));
}

TEST_F(Mishaps, ATokenThatIsLostIsFoundAgainInANewProcess) {
  settings_.workers = 1;
  const auto token = Open();
  const uint64_t key = KeyId(*token);
  hsm_->absent = true;
  const auto failed = SignWith(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().rv, CKR_DEVICE_REMOVED);
  WaitUntil([&] { return !token->Describe().present; });
  hsm_->absent = false;
  WaitUntil([&] { return token->Describe().present; });
  EXPECT_GT(hsm_->starts, 1U);
  EXPECT_TRUE(SignWith(*token, key));
}

TEST_F(Mishaps, WhatTheModuleAnswersComesBack) {
  const auto token = OpenWith(2);
  const uint64_t key = KeyId(*token);
  for (const CK_RV rv : {CKR_FUNCTION_REJECTED, CKR_GENERAL_ERROR}) {
    hsm_->sign_rv = rv;
    const auto failed = SignWith(*token, key);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().rv, rv);
    EXPECT_EQ(failed.error().function, "C_Sign");
    EXPECT_EQ(failed.error().answered, rv == CKR_FUNCTION_REJECTED);
  }
  EXPECT_EQ(hsm_->starts, 2U) << "an answer is no reason to restart";
}

TEST_F(Mishaps, WhatCannotHaveSignedAnythingIsTriedOnAnotherWorker) {
  const auto token = OpenWith(2);
  hsm_->random = Mishap::kCrash;
  const auto random = token->Random(16);
  ASSERT_TRUE(random);
  EXPECT_EQ(*random, Bytes(16, 7));
}

TEST_F(Mishaps, AnIdleWorkerThatDiesCostsNothing) {
  const auto token = OpenWith(2);
  const uint64_t key = KeyId(*token);
  for (const pid_t pid : WorkerPids()) kill(pid, SIGKILL);
  // The kernel tells of the closed sockets before the processes can be waited for.
  WaitUntil([&] { return hsm_->starts == 4; });
  EXPECT_TRUE(SignWith(*token, key));
}

TEST_F(Mishaps, TwoWorkersSignAtTheSameTime) {
  const auto token = OpenWith(2);
  const uint64_t key = KeyId(*token);
  hsm_->hold_signatures = true;
  pid_t pids[2] = {};
  std::thread signers[2];
  for (int i = 0; i < 2; ++i) {
    signers[i] = std::thread([&, i] { pids[i] = SignerOf(SignWith(*token, key)); });
  }
  WaitUntil([&] { return hsm_->signing == 2; });
  hsm_->hold_signatures = false;
  for (std::thread& signer : signers) signer.join();
  EXPECT_NE(pids[0], 0);
  EXPECT_NE(pids[0], pids[1]) << "each went to the worker that was idle";
}

TEST_F(Mishaps, ManyCallsAtOnceAllComeBack) {
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  std::atomic<int> done{0};
  std::vector<std::thread> signers(48);
  for (std::thread& signer : signers) {
    signer = std::thread([&] {
      for (int i = 0; i < 20; ++i) done += SignWith(*token, key) ? 1 : 0;
    });
  }
  for (std::thread& signer : signers) signer.join();
  EXPECT_EQ(done, 48 * 20) << "more callers than channels wait for one";
}

TEST_F(Mishaps, AKeyThatOneWorkerHasNotSeenYetIsLookedFor) {
  const auto token = OpenWith(2);
  EXPECT_TRUE(SignWith(*token, KeyId(*token)));
  hsm_->two_keys = true;
  WaitUntil([&] { return KeyId(*token, "new") != 0; });
  const uint64_t key = KeyId(*token, "new");
  hsm_->hold_signatures = true;
  std::thread signers[2];
  std::atomic<int> done{0};
  for (auto& signer : signers) {
    signer = std::thread([&] { done += SignWith(*token, key) ? 1 : 0; });
  }
  WaitUntil([&] { return hsm_->signing == 2; });
  hsm_->hold_signatures = false;
  for (auto& signer : signers) signer.join();
  EXPECT_EQ(done, 2);
}

TEST_F(Mishaps, AnUnknownKeyDoesNotMakeTheTokenReadForEachCall) {
  const auto token = OpenWith(1);
  KeyId(*token);
  const uint32_t before = hsm_->readings;
  for (int i = 0; i < 50; ++i) {
    const auto failed = SignWith(*token, 4711);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().rv, CKR_KEY_HANDLE_INVALID);
  }
  EXPECT_LT(hsm_->readings - before, 25U);
}

}  // namespace
}  // namespace grant::test
