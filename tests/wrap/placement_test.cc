// The wrap placement as a whole: what it loads, and what it does not.
#include <dlfcn.h>

#include <filesystem>

#include "tests/wrap/wrap_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class WrapPlacement : public WrapTest {
 protected:
  // C_Initialize with this backing module, and what the person reads.
  std::pair<std::string, std::string> InitializeWith(const std::string& module) {
    WriteConfig("mode = \"wrap\"\nmodule = \"" + module + "\"\n");
    void* const library = dlopen(GRANT_PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL);
    CK_FUNCTION_LIST* p11 = nullptr;
    reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"))(&p11);
    std::string answer;
    const std::string errors = ErrorsOf([&] { answer = RvName(p11->C_Initialize(nullptr)); });
    if (answer == "CKR_OK") p11->C_Finalize(nullptr);
    return {answer, errors};
  }
};

TEST_F(WrapPlacement, OfTheModuleAroundItselfIsRefused) {
  const auto itself = InitializeWith(GRANT_PKCS11_MODULE);
  EXPECT_EQ(itself.first, "CKR_GENERAL_ERROR");
  EXPECT_THAT(itself.second, HasSubstr("is this module itself"));

  const std::string link = world_.directory() / "link.so";
  std::filesystem::create_symlink(GRANT_PKCS11_MODULE, link);
  EXPECT_EQ(InitializeWith(link).first, "CKR_GENERAL_ERROR");
  const std::string copy = world_.directory() / "copy.so";
  std::filesystem::copy_file(GRANT_PKCS11_MODULE, copy);
  EXPECT_EQ(InitializeWith(copy).first, "CKR_GENERAL_ERROR");
}

TEST_F(WrapPlacement, WithoutABackingModuleIsRefused) {
  const auto missing = InitializeWith("/nowhere/libtoken.so");
  EXPECT_EQ(missing.first, "CKR_GENERAL_ERROR");
  EXPECT_THAT(missing.second, HasSubstr("/nowhere/libtoken.so"));
  EXPECT_EQ(InitializeWith(SoftHsm::Module()).first, "CKR_OK");
}

TEST_F(WrapPlacement, ShowsTheTokenAsItIs) {
  Start();
  CK_SESSION_INFO session{};
  ASSERT_RV(CKR_OK, client_->p11->C_GetSessionInfo(session_, &session));
  EXPECT_EQ(session.state, CKS_RW_USER_FUNCTIONS);
  CK_TOKEN_INFO token{};
  ASSERT_RV(CKR_OK, client_->p11->C_GetTokenInfo(session.slotID, &token));
  EXPECT_EQ(token.flags & CKF_WRITE_PROTECTED, 0U);
  EXPECT_NE(token.flags & CKF_LOGIN_REQUIRED, 0U);
  EXPECT_RV(CKR_OK, client_->p11->C_Logout(session_));
  std::string pin = "wrong";
  EXPECT_RV(CKR_PIN_INCORRECT,
            client_->p11->C_Login(session_, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()),
                                  pin.size()));
}

}  // namespace
}  // namespace grant::test
