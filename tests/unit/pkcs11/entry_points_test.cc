// The whole table of functions, walked row by row.
#include <map>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

template <typename... Args>
CK_RV CallWithZeros(CK_RV (*function)(Args...)) {
  return function(Args{}...);
}

// Calls each function but those that begin and end the library's life.
std::map<std::string, std::string> CallEach(CK_FUNCTION_LIST* list) {
  std::map<std::string, std::string> answers;
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name)                                               \
  if (#name != std::string("C_Initialize") && #name != std::string("C_Finalize")) { \
    EXPECT_NE(list->name, nullptr) << #name;                                        \
    answers[#name] = RvName(CallWithZeros(list->name));                             \
  }
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
  return answers;
}

class EntryPoints : public Host {};

TEST_F(EntryPoints, NothingIsServedBeforeInitialisation) {
  ASSERT_RV(CKR_OK, p11->C_Finalize(nullptr));
  auto answers = CallEach(p11);
  EXPECT_EQ(answers.size(), 66U);
  EXPECT_EQ(answers["C_GetFunctionList"], "CKR_ARGUMENTS_BAD");
  answers.erase("C_GetFunctionList");
  for (const auto& [name, answer] : answers) {
    EXPECT_EQ(answer, "CKR_CRYPTOKI_NOT_INITIALIZED") << name;
  }
}

TEST_F(EntryPoints, WhatTakesASessionRefusesOneThatIsNotOpen) {
  std::map<std::string, std::string> others = {
      {"C_GetFunctionList", "CKR_ARGUMENTS_BAD"},    {"C_GetInfo", "CKR_ARGUMENTS_BAD"},
      {"C_GetSlotList", "CKR_ARGUMENTS_BAD"},        {"C_GetSlotInfo", "CKR_ARGUMENTS_BAD"},
      {"C_GetTokenInfo", "CKR_ARGUMENTS_BAD"},       {"C_GetMechanismList", "CKR_ARGUMENTS_BAD"},
      {"C_GetMechanismInfo", "CKR_ARGUMENTS_BAD"},   {"C_WaitForSlotEvent", "CKR_ARGUMENTS_BAD"},
      {"C_OpenSession", "CKR_ARGUMENTS_BAD"},        {"C_InitToken", "CKR_SLOT_ID_INVALID"},
      {"C_CloseAllSessions", "CKR_SLOT_ID_INVALID"},
  };
  for (const auto& [name, answer] : CallEach(p11)) {
    auto other = others.find(name);
    EXPECT_EQ(answer, other == others.end() ? "CKR_SESSION_HANDLE_INVALID" : other->second) << name;
  }
}

TEST_F(EntryPoints, TheStandardInterfaceIsOffered) {
  auto get_list = reinterpret_cast<CK_C_GetInterfaceList>(ModuleSymbol("C_GetInterfaceList"));
  auto get = reinterpret_cast<CK_C_GetInterface>(ModuleSymbol("C_GetInterface"));
  CK_INTERFACE interfaces[4];
  CK_ULONG count = 0;
  EXPECT_RV(CKR_OK, get_list(nullptr, &count));
  ASSERT_EQ(count, 1U);
  count = 0;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, get_list(interfaces, &count));
  EXPECT_RV(CKR_OK, get_list(interfaces, &count));
  EXPECT_EQ(interfaces[0].pFunctionList, p11);

  CK_INTERFACE* found = nullptr;
  CK_VERSION version{2, 40};
  CK_UTF8CHAR name[] = "PKCS 11";
  EXPECT_RV(CKR_OK, get(nullptr, nullptr, &found, 0));
  EXPECT_EQ(found->pFunctionList, p11);
  EXPECT_RV(CKR_OK, get(name, &version, &found, 0));
}

TEST_F(EntryPoints, NoOtherInterfaceIsOffered) {
  auto get = reinterpret_cast<CK_C_GetInterface>(ModuleSymbol("C_GetInterface"));
  CK_INTERFACE* found = nullptr;
  CK_VERSION newer{3, 0};
  CK_UTF8CHAR vendor[] = "Vendor";
  EXPECT_RV(CKR_ARGUMENTS_BAD, get(nullptr, &newer, &found, 0));
  EXPECT_RV(CKR_ARGUMENTS_BAD, get(vendor, nullptr, &found, 0));
  EXPECT_RV(CKR_ARGUMENTS_BAD, get(nullptr, nullptr, &found, CKF_INTERFACE_FORK_SAFE));
  EXPECT_RV(CKR_ARGUMENTS_BAD, get(nullptr, nullptr, nullptr, 0));
}

TEST_F(EntryPoints, WhatIsNotServedSaysSo) {
  CK_SESSION_HANDLE session = OpenSession();
  CK_MECHANISM mechanism{CKM_SHA256, nullptr, 0};
  CK_BYTE byte = 0;
  CK_ULONG size = 1;
  EXPECT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_DigestInit(session, &mechanism));
  EXPECT_RV(CKR_FUNCTION_NOT_SUPPORTED, p11->C_GetOperationState(session, &byte, &size));
  EXPECT_RV(CKR_RANDOM_NO_RNG, p11->C_GenerateRandom(session, &byte, 1));
  EXPECT_RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(session));
  EXPECT_RV(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(session));
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Decrypt(session, &byte, 1, &byte, &size));
}

}  // namespace
}  // namespace grant::test
