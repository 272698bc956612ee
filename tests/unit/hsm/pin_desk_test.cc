#include "grantd/hsm/pin_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

using testing::HasSubstr;

SecretBuffer PinOf(const std::string& text) {
  return SecretBuffer::CopyOf({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

class TypedPin : public testing::Test {
 protected:
  // What the token answers to the PIN at the desk; nothing where none is handed over.
  std::optional<CK_RV> LogIn(CK_RV answer) {
    std::optional<CK_RV> presented;
    (void)desk_.Present([&](std::span<const uint8_t> pin) {
      seen_.assign(pin.begin(), pin.end());
      presented = answer;
      return answer;
    });
    return presented;
  }

  static TokenSettings Settings() {
    TokenSettings settings;
    settings.name = "prod";
    settings.pin_source = PinSource::kTyped;
    return settings;
  }

  std::chrono::steady_clock::time_point now_;
  TokenPinDesk desk_{Settings(), [this] { return now_; }};
  std::string seen_;
};

TEST_F(TypedPin, IsWaitedForKeptAndForgotten) {
  EXPECT_TRUE(desk_.state().waiting);
  EXPECT_FALSE(LogIn(CKR_OK));
  ASSERT_TRUE(desk_.Give(PinOf("1234"), false));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(LogIn(CKR_OK), CKR_OK);
    EXPECT_EQ(seen_, "1234");
  }
  EXPECT_FALSE(desk_.Give(PinOf("5678"), false)) << "there is one";
  desk_.Forget();
  EXPECT_TRUE(desk_.state().waiting);
  EXPECT_FALSE(LogIn(CKR_OK));
}

TEST_F(TypedPin, ThatIsRefusedIsForgottenAndTheNextOneHasToBeMeantAndToWait) {
  std::chrono::seconds wait{10};
  for (int wrong = 0; wrong < 10; ++wrong) {
    ASSERT_TRUE(desk_.Give(PinOf("wrong"), wrong > 0)) << wrong;
    EXPECT_EQ(LogIn(CKR_PIN_INCORRECT), CKR_PIN_INCORRECT);
    EXPECT_FALSE(LogIn(CKR_OK)) << "it is presented once";
    EXPECT_TRUE(desk_.state().waiting);
    now_ += wait;
    const Status unmeant = desk_.Give(PinOf("1234"), false);
    ASSERT_FALSE(unmeant);
    EXPECT_THAT(unmeant.error().hint, HasSubstr("--after-wrong-pin"));
    now_ -= std::chrono::seconds(1);
    const Status early = desk_.Give(PinOf("1234"), true);
    ASSERT_FALSE(early);
    EXPECT_THAT(early.error().message, HasSubstr("has to wait 1 s"));
    now_ += std::chrono::seconds(1);
    wait = std::min(2 * wait, std::chrono::seconds(600));
  }
  EXPECT_TRUE(desk_.Give(PinOf("1234"), true));
  EXPECT_EQ(LogIn(CKR_OK), CKR_OK);
  EXPECT_FALSE(desk_.state().refused);
}

TEST_F(TypedPin, IsTakenForNoTokenThatHasItsPinInAFile) {
  TokenSettings settings = Settings();
  settings.pin_source = PinSource::kFile;
  TokenPinDesk desk(settings);
  const Status given = desk.Give(PinOf("1234"), true);
  ASSERT_FALSE(given);
  EXPECT_THAT(given.error().hint, HasSubstr("pin_source = \"unseal\""));
}

TEST(SecretBufferTest, HoldsNoMoreThanItsRoom) {
  SecretBuffer buffer(8);
  EXPECT_EQ(buffer.room().size(), 8U);
  buffer.Use(100);
  EXPECT_EQ(buffer.bytes().size(), 8U);
  SecretBuffer moved = std::move(buffer);
  EXPECT_EQ(moved.bytes().size(), 8U);
}

}  // namespace
}  // namespace grant
