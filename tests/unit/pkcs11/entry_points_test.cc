// The tables of functions, walked pointer by pointer, and what docs/functions.md says of them.
#include <fstream>
#include <map>
#include <sstream>

#include "tests/unit/pkcs11/host.h"

namespace grant::test {
namespace {

using Answers = std::map<std::string, std::string>;

template <typename... Args>
CK_RV CallWithZeros(CK_RV (*function)(Args...)) {
  return function(Args{}...);
}

// The first argument of every function that this is called for is a session.
template <typename First, typename... Args>
CK_RV CallWithSession(CK_SESSION_HANDLE session, CK_RV (*function)(First, Args...)) {
  if constexpr (std::is_same_v<First, CK_SESSION_HANDLE>) {
    return function(session, Args{}...);
  } else {
    return function(First{}, Args{}...);
  }
}

bool BeginsOrEndsTheLibrary(const std::string& name) {
  return name == "C_Initialize" || name == "C_Finalize";
}

// Calls each function of a list but those that begin and end the library's life.
Answers CallEach240(const CK_FUNCTION_LIST* list) {
  Answers answers;
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name)      \
  EXPECT_NE(list->name, nullptr) << #name; \
  if (!BeginsOrEndsTheLibrary(#name)) answers[#name] = RvName(CallWithZeros(list->name));
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
  return answers;
}

Answers CallEach30(const CK_FUNCTION_LIST_3_0* list) {
  Answers answers;
#define CK_PKCS11_FUNCTION_INFO(name)      \
  EXPECT_NE(list->name, nullptr) << #name; \
  if (!BeginsOrEndsTheLibrary(#name)) answers[#name] = RvName(CallWithZeros(list->name));
#define CK_PKCS11_3_0 1
#include <pkcs11f.h>
#undef CK_PKCS11_3_0
#undef CK_PKCS11_FUNCTION_INFO
  return answers;
}

CK_RV GetInterface(const char* name, CK_VERSION* version, CK_INTERFACE** found, CK_FLAGS flags) {
  const auto get = reinterpret_cast<CK_C_GetInterface>(ModuleSymbol("C_GetInterface"));
  return get(reinterpret_cast<CK_UTF8CHAR*>(const_cast<char*>(name)), version, found, flags);
}

const CK_FUNCTION_LIST_3_0* Functions30() {
  CK_VERSION version{3, 0};
  CK_INTERFACE* found = nullptr;
  if (GetInterface("PKCS 11", &version, &found, 0) != CKR_OK) return nullptr;
  return static_cast<const CK_FUNCTION_LIST_3_0*>(found->pFunctionList);
}

class EntryPoints : public Host {};

TEST_F(EntryPoints, NothingIsServedBeforeInitialisation) {
  ASSERT_RV(CKR_OK, p11->C_Finalize(nullptr));
  EXPECT_EQ(CallEach240(p11).size(), 66U);
  Answers answers = CallEach30(Functions30());
  EXPECT_EQ(answers.size(), 90U);
  for (const char* anytime : {"C_GetFunctionList", "C_GetInterfaceList", "C_GetInterface"}) {
    EXPECT_EQ(answers[anytime], "CKR_ARGUMENTS_BAD");
    answers.erase(anytime);
  }
  for (const auto& [name, answer] : answers) {
    EXPECT_EQ(answer, "CKR_CRYPTOKI_NOT_INITIALIZED") << name;
  }
}

TEST_F(EntryPoints, WhatTakesASessionRefusesOneThatIsNotOpen) {
  Answers others = {
      {"C_GetFunctionList", "CKR_ARGUMENTS_BAD"},    {"C_GetInfo", "CKR_ARGUMENTS_BAD"},
      {"C_GetSlotList", "CKR_ARGUMENTS_BAD"},        {"C_GetSlotInfo", "CKR_ARGUMENTS_BAD"},
      {"C_GetTokenInfo", "CKR_ARGUMENTS_BAD"},       {"C_GetMechanismList", "CKR_ARGUMENTS_BAD"},
      {"C_GetMechanismInfo", "CKR_ARGUMENTS_BAD"},   {"C_WaitForSlotEvent", "CKR_ARGUMENTS_BAD"},
      {"C_OpenSession", "CKR_ARGUMENTS_BAD"},        {"C_InitToken", "CKR_SLOT_ID_INVALID"},
      {"C_CloseAllSessions", "CKR_SLOT_ID_INVALID"}, {"C_GetInterfaceList", "CKR_ARGUMENTS_BAD"},
      {"C_GetInterface", "CKR_ARGUMENTS_BAD"},
  };
  for (const Answers& answers : {CallEach240(p11), CallEach30(Functions30())}) {
    for (const auto& [name, answer] : answers) {
      auto other = others.find(name);
      EXPECT_EQ(answer, other == others.end() ? "CKR_SESSION_HANDLE_INVALID" : other->second)
          << name;
    }
  }
}

TEST_F(EntryPoints, BothVersionsAreListed) {
  auto get_list = reinterpret_cast<CK_C_GetInterfaceList>(ModuleSymbol("C_GetInterfaceList"));
  CK_INTERFACE interfaces[4];
  CK_ULONG count = 0;
  EXPECT_RV(CKR_OK, get_list(nullptr, &count));
  ASSERT_EQ(count, 2U);
  count = 1;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, get_list(interfaces, &count));
  EXPECT_EQ(count, 2U);
  EXPECT_RV(CKR_OK, get_list(interfaces, &count));
  EXPECT_EQ(interfaces[0].pFunctionList, Functions30());
  EXPECT_EQ(interfaces[1].pFunctionList, p11);
  for (CK_ULONG i = 0; i < count; ++i) {
    EXPECT_STREQ(reinterpret_cast<const char*>(interfaces[i].pInterfaceName), "PKCS 11");
    EXPECT_EQ(interfaces[i].flags, 0U) << "a forked child must initialise";
  }
}

TEST_F(EntryPoints, AnInterfaceIsFoundByNameAndVersion) {
  CK_INTERFACE* found = nullptr;
  CK_VERSION old{2, 40};
  EXPECT_RV(CKR_OK, GetInterface(nullptr, nullptr, &found, 0));
  EXPECT_EQ(found->pFunctionList, Functions30()) << "the default";
  EXPECT_RV(CKR_OK, GetInterface("PKCS 11", nullptr, &found, 0));
  EXPECT_EQ(found->pFunctionList, Functions30());
  EXPECT_RV(CKR_OK, GetInterface("PKCS 11", &old, &found, 0));
  EXPECT_EQ(found->pFunctionList, p11);
  EXPECT_RV(CKR_OK, GetInterface(nullptr, &old, &found, 0));
  EXPECT_EQ(found->pFunctionList, p11);
}

TEST_F(EntryPoints, NoOtherInterfaceIsFound) {
  CK_INTERFACE* found = nullptr;
  CK_VERSION newer{3, 2};
  EXPECT_RV(CKR_ARGUMENTS_BAD, GetInterface("PKCS 11", &newer, &found, 0));
  EXPECT_RV(CKR_ARGUMENTS_BAD, GetInterface("Vendor NSS Module Interface", nullptr, &found, 0));
  EXPECT_RV(CKR_ARGUMENTS_BAD, GetInterface(nullptr, nullptr, &found, CKF_INTERFACE_FORK_SAFE));
  EXPECT_RV(CKR_ARGUMENTS_BAD, GetInterface(nullptr, nullptr, nullptr, 0));
  EXPECT_EQ(found, nullptr);
}

TEST_F(EntryPoints, EachListSaysItsVersion) {
  CK_INFO info{};
  EXPECT_RV(CKR_OK, p11->C_GetInfo(&info));
  EXPECT_EQ(info.cryptokiVersion.major, 2);
  EXPECT_EQ(info.cryptokiVersion.minor, 40);
  EXPECT_RV(CKR_OK, Functions30()->C_GetInfo(&info));
  EXPECT_EQ(info.cryptokiVersion.major, 3);
  EXPECT_EQ(info.cryptokiVersion.minor, 0);
}

// The rows of docs/functions.md: what it says of the function in the broker placement.
Answers Documented() {
  Answers rows;
  std::ifstream file(FUNCTIONS_DOCUMENT);
  for (std::string line; std::getline(file, line);) {
    if (line == "## How the broker differs from the token") break;
    if (!line.starts_with("| `C_")) continue;
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, '|');
    std::getline(cells, cell, '|');
    const std::string name = cell.substr(2, cell.size() - 4);
    std::getline(cells, cell, '|');
    EXPECT_TRUE(rows.emplace(name, cell).second) << name << " stands there twice";
    EXPECT_TRUE(std::getline(cells, cell, '|')) << name << " has no third column";
  }
  return rows;
}

TEST_F(EntryPoints, TheDocumentHasEachFunctionOnce) {
  Answers functions = CallEach30(Functions30());
  functions["C_Initialize"] = functions["C_Finalize"] = "";
  const Answers rows = Documented();
  for (const auto& [name, answer] : functions) EXPECT_TRUE(rows.contains(name)) << name;
  EXPECT_EQ(rows.size(), functions.size());
}

// The one error that the document names and nothing else; empty where there is more to say.
std::string OnlyAnswer(const std::string& cell) {
  const bool only = cell.starts_with(" `CKR_") && cell.find('`', 2) == cell.size() - 2;
  return only ? cell.substr(2, cell.size() - 4) : "";
}

TEST_F(EntryPoints, WhatTheDocumentSaysIsAlwaysAnsweredIs) {
  const CK_SESSION_HANDLE session = OpenSession();
  const CK_FUNCTION_LIST_3_0* list = Functions30();
  Answers rows = Documented();
  int walked = 0;
  // It takes a slot.
  CK_SLOT_ID slots[8];
  CK_ULONG count = 8;
  ASSERT_RV(CKR_OK, list->C_GetSlotList(CK_TRUE, slots, &count));
  EXPECT_EQ(OnlyAnswer(rows.at("C_InitToken")),
            RvName(list->C_InitToken(slots[0], nullptr, 0, nullptr)));
  rows.at("C_InitToken").clear();
#define CK_PKCS11_FUNCTION_INFO(name)                                       \
  if (const std::string only = OnlyAnswer(rows.at(#name)); !only.empty()) { \
    EXPECT_EQ(RvName(CallWithSession(session, list->name)), only) << #name; \
    ++walked;                                                               \
  }
#define CK_PKCS11_3_0 1
#include <pkcs11f.h>
#undef CK_PKCS11_3_0
#undef CK_PKCS11_FUNCTION_INFO
  EXPECT_GT(walked, 35);
}

}  // namespace
}  // namespace grant::test
