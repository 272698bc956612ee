// A token out of everybody's reach, and given back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const Error kWhy{Code::kUnavailable, "it is sealed", "unseal it"};

class ClosedToken : public Supervised {
 protected:
  static SecretBuffer PinOf(const std::string& text) {
    return SecretBuffer::CopyOf({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  static Status Reopen(SealableToken& token) {
    token.Open();
    return token.AwaitOpened();
  }

  static Status OpenWithPin(SealableToken& token, const std::string& pin) {
    GRANT_CHECK(token.TakePin(PinOf(pin), false));
    return Reopen(token);
  }
};

TEST_F(ClosedToken, HasNoWorkersAndServesNothing) {
  const auto token = *TryOpen();
  const uint64_t key = KeyId(*token);
  token->Close(kWhy);
  EXPECT_THAT(WorkerPids(), IsEmpty());
  const auto failed = SignWith(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().reason, kWhy.message);
  EXPECT_TRUE(failed.error().answered) << "nothing reached the token";
  EXPECT_FALSE(token->Describe().present);
  ASSERT_TRUE(Reopen(*token));
  EXPECT_TRUE(SignWith(*token, key));
}

TEST_F(ClosedToken, ClosesAndOpensHoweverOften) {
  const auto token = *TryOpen();
  const uint64_t key = KeyId(*token);
  for (int i = 0; i < 5; ++i) {
    token->Close(kWhy);
    token->Close(kWhy);
    EXPECT_THAT(WorkerPids(), IsEmpty());
    ASSERT_TRUE(Reopen(*token));
    ASSERT_TRUE(Reopen(*token));
    EXPECT_TRUE(SignWith(*token, key)) << i;
  }
}

TEST_F(ClosedToken, IsSoAtOnceThoughItIsBeingOpened) {
  settings_.call_timeout = kCallTimeoutMax;  // more than a test may take
  const auto token = *TryOpen();
  token->Close(kWhy);
  hsm_->initialize = Mishap::kHang;
  token->Open();
  WaitUntil([] { return !WorkerPids().empty(); });
  std::thread opening([&token] { static_cast<void>(token->AwaitOpened()); });
  token->Close(kWhy);
  opening.join();
  EXPECT_THAT(WorkerPids(), IsEmpty());
}

TEST_F(ClosedToken, MayBeSoFromTheStart) {
  options_.closed_for = kWhy;
  const auto token = *TryOpen();
  EXPECT_THAT(WorkerPids(), IsEmpty());
  EXPECT_FALSE(token->Describe().present);
  ASSERT_TRUE(Reopen(*token));
  EXPECT_TRUE(token->Describe().present);
}

TEST_F(ClosedToken, WithAPinThatIsTypedInWaitsForIt) {
  settings_.pin_source = PinSource::kTyped;
  settings_.pin_file.clear();
  const auto token = *TryOpen();
  EXPECT_THAT(WorkerPids(), IsEmpty());
  ASSERT_TRUE(Reopen(*token));
  EXPECT_THAT(WorkerPids(), IsEmpty()) << "there is no PIN";
  const auto waiting = token->Objects();
  ASSERT_FALSE(waiting);
  EXPECT_THAT(waiting.error().hint, HasSubstr("grantctl unseal --token prod"));
  ASSERT_TRUE(OpenWithPin(*token, "1234"));
  const uint64_t key = KeyId(*token);
  EXPECT_TRUE(SignWith(*token, key));
  token->Close(kWhy);
  EXPECT_TRUE(token->pin_state().waiting);
}

TEST_F(ClosedToken, PresentsAWrongTypedPinOnce) {
  settings_.workers = 4;
  settings_.pin_source = PinSource::kTyped;
  settings_.pin_file.clear();
  const auto token = *TryOpen();
  const Status wrong = OpenWithPin(*token, "4321");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalid);
  EXPECT_THAT(wrong.error().message, HasSubstr("CKR_PIN_INCORRECT"));
  EXPECT_EQ(hsm_->wrong_logins, 1U);
  WaitUntil([] { return WorkerPids().empty(); });
  EXPECT_FALSE(OpenWithPin(*token, "1234"));
  EXPECT_EQ(hsm_->logins, 1U);
}

}  // namespace
}  // namespace grant::test
