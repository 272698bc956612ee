// C_Initialize and C_Finalize.
#include <algorithm>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

CK_RV CreateMutex(CK_VOID_PTR_PTR) {
  return CKR_GENERAL_ERROR;
}
CK_RV UseMutex(CK_VOID_PTR) {
  return CKR_GENERAL_ERROR;
}

// CK_C_INITIALIZE_ARGS as the standard has it; NSS's header makes it longer.
struct StandardArguments {
  void* callbacks[4] = {};
  CK_FLAGS flags = CKF_OS_LOCKING_OK;
  void* pReserved = nullptr;
};

class Lifecycle : public Host {
 protected:
  void SetUp() override {
    Host::SetUp();
    p11->C_Finalize(nullptr);
  }
};

TEST_F(Lifecycle, InitialisationNeverAsksGrantd) {
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_EQ(gate.Count(gate::MessageType::kHello), 0U);
  EXPECT_RV(CKR_OK, p11->C_Finalize(nullptr));
  gate.Stop();
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
}

TEST_F(Lifecycle, EveryWayOfLockingIsAccepted) {
  CK_C_INITIALIZE_ARGS locking{};
  locking.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
  CK_C_INITIALIZE_ARGS callbacks{};
  callbacks.CreateMutex = CreateMutex;
  callbacks.DestroyMutex = UseMutex;
  callbacks.LockMutex = UseMutex;
  callbacks.UnlockMutex = UseMutex;
  CK_C_INITIALIZE_ARGS none{};
  for (CK_C_INITIALIZE_ARGS* arguments : {&locking, &callbacks, &none}) {
    EXPECT_RV(CKR_OK, p11->C_Initialize(arguments));
    EXPECT_RV(CKR_OK, p11->C_Finalize(nullptr));
  }
}

TEST_F(Lifecycle, ContradictoryArgumentsAreBad) {
  CK_C_INITIALIZE_ARGS some{};
  some.CreateMutex = CreateMutex;
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&some));
  StandardArguments reserved;
  reserved.pReserved = &reserved;
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Initialize(&reserved));
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_Finalize(&reserved));
}

TEST_F(Lifecycle, NothingBehindTheStandardArgumentsIsRead) {
  struct {
    StandardArguments arguments;
    uintptr_t behind = ~uintptr_t{0};
  } memory;
  EXPECT_RV(CKR_OK, p11->C_Initialize(&memory.arguments));
}

TEST_F(Lifecycle, EachBeginsAndEndsOnce) {
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_OK, p11->C_Finalize(nullptr));
  EXPECT_RV(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(nullptr));
}

TEST_F(Lifecycle, TheEndClosesSessionsAndTheirOperations) {
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  CK_SESSION_HANDLE session = BeginSigning();
  EXPECT_RV(CKR_OK, p11->C_Login(session, CKU_USER, nullptr, 0));
  EXPECT_RV(CKR_OK, p11->C_Finalize(nullptr));
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  EXPECT_RV(CKR_SESSION_HANDLE_INVALID, Sign(session));
  CK_SESSION_HANDLE other = OpenSession();
  EXPECT_NE(other, session);
  EXPECT_RV(CKR_USER_NOT_LOGGED_IN, p11->C_Logout(other));
}

TEST_F(Lifecycle, AWrongConfigurationIsToldInOneLine) {
  Configure("gaet = \"unix:/tmp/x\"\n");
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_GENERAL_ERROR, p11->C_Initialize(nullptr));
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, testing::HasSubstr("pkcs11.conf:1: unknown key 'gaet'. hint: "));
  EXPECT_EQ(std::ranges::count(told, '\n'), 1);
  Configure("");
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
}

TEST_F(Lifecycle, EachCallIsLoggedOnDemandWithoutThePin) {
  setenv("GRANT_PKCS11_LOG", "debug", 1);
  testing::internal::CaptureStderr();
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  CK_SESSION_HANDLE session = OpenSession();
  CK_UTF8CHAR pin[] = "opensesame";
  EXPECT_RV(CKR_OK, p11->C_Login(session, CKU_USER, pin, 10));
  EXPECT_RV(CKR_OK, p11->C_CloseSession(session));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, testing::HasSubstr("C_Login: CKR_OK\n"));
  EXPECT_THAT(log, testing::HasSubstr("C_CloseSession: CKR_OK\n"));
  EXPECT_THAT(log, testing::Not(testing::HasSubstr("opensesame")));
}

TEST_F(Lifecycle, TheModuleSaysWhatItIs) {
  EXPECT_RV(CKR_OK, p11->C_Initialize(nullptr));
  CK_INFO info{};
  EXPECT_RV(CKR_OK, p11->C_GetInfo(&info));
  EXPECT_EQ(info.cryptokiVersion.major, 2);
  EXPECT_EQ(info.cryptokiVersion.minor, 40);
  EXPECT_EQ(std::string(reinterpret_cast<char*>(info.libraryDescription), 32),
            "grant-pkcs11" + std::string(20, ' '));
}

}  // namespace
}  // namespace grant::test
