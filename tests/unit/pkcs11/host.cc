#include "tests/unit/pkcs11/host.h"

#include <dlfcn.h>

#include <cstdlib>
#include <fstream>

#include "grant/cryptoki/names.h"

namespace grant::test {
namespace {

void* Loaded() {
  static void* module = dlopen(GRANT_PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) ADD_FAILURE() << dlerror();
  return module;
}

}  // namespace

std::string RvName(CK_RV rv) {
  return cryptoki::ReturnValueName(rv);
}

void* ModuleSymbol(const char* name) {
  return dlsym(Loaded(), name);
}

CK_FUNCTION_LIST* LoadModule() {
  auto get = reinterpret_cast<CK_C_GetFunctionList>(ModuleSymbol("C_GetFunctionList"));
  CK_FUNCTION_LIST* list = nullptr;
  EXPECT_EQ(get(&list), CKR_OK);
  return list;
}

void Host::SetUp() {
  setenv("GRANTD_GATE", gate.address().c_str(), 1);
  unsetenv("GRANTD_GRANT");
  unsetenv("GRANT_PKCS11_LOG");
  Configure("timeout_ms = 20000\n");
  ASSERT_RV(CKR_OK, p11->C_Initialize(nullptr));
}

void Host::TearDown() {
  p11->C_Finalize(nullptr);
}

void Host::Configure(const std::string& text) {
  const std::string file = gate.folder() + "/pkcs11.conf";
  std::ofstream(file) << text;
  setenv("GRANT_PKCS11_CONFIG", file.c_str(), 1);
}

CK_SESSION_HANDLE Host::OpenSession() {
  CK_SESSION_HANDLE session = 0;
  EXPECT_RV(CKR_OK, p11->C_OpenSession(77, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
  return session;
}

std::vector<CK_OBJECT_HANDLE> Host::Find(CK_SESSION_HANDLE session,
                                         std::vector<CK_ATTRIBUTE> wanted) {
  std::vector<CK_OBJECT_HANDLE> found(100);
  CK_ULONG count = 0;
  EXPECT_RV(CKR_OK, p11->C_FindObjectsInit(session, wanted.data(), wanted.size()));
  EXPECT_RV(CKR_OK, p11->C_FindObjects(session, found.data(), found.size(), &count));
  EXPECT_RV(CKR_OK, p11->C_FindObjectsFinal(session));
  found.resize(count);
  return found;
}

CK_OBJECT_HANDLE Host::PrivateKey(CK_SESSION_HANDLE session, const std::string& label) {
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  std::string text = label;
  auto found = Find(session, {{CKA_CLASS, &object_class, sizeof object_class},
                              {CKA_LABEL, text.data(), text.size()}});
  EXPECT_EQ(found.size(), 1U) << label;
  return found.empty() ? 0 : found.front();
}

CK_OBJECT_HANDLE Host::PublicKey(CK_SESSION_HANDLE session) {
  CK_OBJECT_CLASS object_class = CKO_PUBLIC_KEY;
  auto found = Find(session, {{CKA_CLASS, &object_class, sizeof object_class}});
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? 0 : found.front();
}

CK_RV Host::SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const std::string& label) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  return p11->C_SignInit(session, &mechanism, PrivateKey(session, label));
}

CK_SESSION_HANDLE Host::BeginSigning() {
  CK_SESSION_HANDLE session = OpenSession();
  EXPECT_RV(CKR_OK, SignInit(session, CKM_SHA256_RSA_PKCS, "release-key"));
  return session;
}

CK_RV Host::Sign(CK_SESSION_HANDLE session) {
  CK_BYTE data[] = {'d', 'a', 't', 'a'};
  CK_BYTE signature[kRsaBytes];
  CK_ULONG size = sizeof signature;
  return p11->C_Sign(session, data, sizeof data, signature, &size);
}

}  // namespace grant::test
