#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/hsm/token_fixture.h"

namespace grant::test {
namespace {

class ModuleTokenLogin : public ModuleTokenTest {
 protected:
  static Error ErrorOf(const TokenSettings& settings) {
    auto token = ModuleToken::Open(settings, std::make_shared<TokenPinDesk>(settings));
    return token ? Error{Code::kInternal, "no error", {}} : token.error();
  }

  static auto SignOnce(Token& token, uint64_t key) {
    return token.Sign(key, {CKM_ECDSA, {}}, Bytes(32));
  }
};

TEST_F(ModuleTokenLogin, AWrongPinIsReportedWithItsFile) {
  TokenSettings settings = Settings("empty");
  settings.pin_file = dir_.Write("wrong", "4321\n");
  const Error error = ErrorOf(settings);
  EXPECT_EQ(error.code, Code::kUnavailable);
  EXPECT_EQ(error.message,
            "token 'empty' refused the PIN in " + settings.pin_file + ": CKR_PIN_INCORRECT");
  EXPECT_THAT(error.hint, ::testing::HasSubstr("correct the PIN in " + settings.pin_file));
}

TEST_F(ModuleTokenLogin, AnUnsafePinFileIsNotRead) {
  TokenSettings settings = Settings("empty");
  settings.pin_file = dir_.Write("open", kPin, 0644);
  const Error error = ErrorOf(settings);
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_EQ(error.hint, "chmod 600 " + settings.pin_file);
}

TEST_F(ModuleTokenLogin, AMissingTokenIsReportedWithThosePresent) {
  TokenSettings settings = Settings("prod");
  settings.uri = "pkcs11:token=staging";
  const Error error = ErrorOf(settings);
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.message, SoftHsm::Module() + " has no token that matches pkcs11:token=staging");
  for (const char* const label : {"'prod'", "'growing'", "'empty'"}) {
    EXPECT_THAT(error.hint, ::testing::HasSubstr(label));
  }
}

TEST_F(ModuleTokenLogin, EveryPartOfTheUriCounts) {
  const std::string serial = Open("prod")->Describe().serial;
  TokenSettings settings = Settings("prod");
  settings.uri = "pkcs11:serial=" + serial;
  EXPECT_EQ(Open(settings)->Describe().label, "prod");
  for (const char* const part : {";serial=0000", ";manufacturer=Other", ";model=Other"}) {
    settings.uri = std::string("pkcs11:token=prod") + part;
    EXPECT_EQ(ErrorOf(settings).code, Code::kNotFound) << part;
  }
}

TEST_F(ModuleTokenLogin, AnAmbiguousUriIsRefused) {
  TokenSettings settings = Settings("prod");
  settings.uri = "pkcs11:model=SoftHSM%20v2";
  const Error error = ErrorOf(settings);
  EXPECT_EQ(error.code, Code::kInvalid);
  EXPECT_EQ(error.hint, "add serial=... to uri of token 'prod' in grantd.toml");
}

TEST_F(ModuleTokenLogin, AModuleThatCannotBeLoadedIsReported) {
  TokenSettings settings = Settings("prod");
  settings.module = dir_ / "none.so";
  EXPECT_EQ(ErrorOf(settings).code, Code::kUnavailable);
  EXPECT_THAT(ErrorOf(settings).message, ::testing::HasSubstr(settings.module));
  settings.module = "libc.so.6";
  EXPECT_EQ(ErrorOf(settings).message,
            "libc.so.6 is no PKCS#11 module: it has no C_GetFunctionList");
}

TEST_F(ModuleTokenLogin, TokensOfOneModuleLiveSideBySide) {
  const auto prod = Open("prod");
  const auto growing = Open("growing");
  const auto again = Open("prod");
  EXPECT_TRUE(SignOnce(*growing, Find(*growing, CKO_PRIVATE_KEY, "first").id));
  const uint64_t key = Find(*prod, CKO_PRIVATE_KEY, "p256").id;
  EXPECT_TRUE(SignOnce(*prod, key));
  EXPECT_TRUE(SignOnce(*again, key));
}

TEST_F(ModuleTokenLogin, ALostLoginFailsOneSignatureAndIsRenewedForTheNext) {
  const auto token = Open("prod");
  const uint64_t key = Find(*token, CKO_PRIVATE_KEY, "p256").id;
  ASSERT_TRUE(SignOnce(*token, key));
  ASSERT_EQ(Module()->C_CloseAllSessions(token->Describe().slot_id), CKR_OK);
  const auto failed = SignOnce(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().rv, CKR_SESSION_HANDLE_INVALID);
  EXPECT_TRUE(failed.error().answered);
  EXPECT_TRUE(SignOnce(*token, key)) << "ids outlive the login";
}

TEST_F(ModuleTokenLogin, ALogoutBehindItsBackHidesNoKeyForLong) {
  const auto token = Open("prod");
  const uint64_t key = Find(*token, CKO_PRIVATE_KEY, "p256").id;
  CK_SESSION_HANDLE session = 0;
  ASSERT_EQ(Module()->C_OpenSession(token->Describe().slot_id, CKF_SERIAL_SESSION, nullptr, nullptr,
                                    &session),
            CKR_OK);
  ASSERT_EQ(Module()->C_Logout(session), CKR_OK);
  Module()->C_CloseSession(session);
  const auto failed = SignOnce(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().rv, CKR_USER_NOT_LOGGED_IN);
  EXPECT_TRUE(SignOnce(*token, key));
}

TEST_F(ModuleTokenLogin, APinThatBecameWrongIsPresentedOnce) {
  const auto token = Open("prod");
  const uint64_t key = Find(*token, CKO_PRIVATE_KEY, "p256").id;
  dir_.Write("pin", "4321");
  ASSERT_EQ(Module()->C_CloseAllSessions(token->Describe().slot_id), CKR_OK);
  EXPECT_EQ(SignOnce(*token, key).error().rv, CKR_SESSION_HANDLE_INVALID);
  EXPECT_EQ(SignOnce(*token, key).error().rv, CKR_PIN_INCORRECT);
  dir_.Write("pin", kPin);
  EXPECT_EQ(SignOnce(*token, key).error().rv, CKR_PIN_INCORRECT) << "it was tried again";
  const gate::TokenRecord record = token->Describe();
  EXPECT_FALSE(record.present);
  EXPECT_EQ(record.label, "prod") << "an absent token is still known by its name";
}

}  // namespace
}  // namespace grant::test
