#include "tests/unit/pkcs11/wrap/wrap_host.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>

namespace grant::test {
namespace {

bool IsGoverned(const gate::IdentifyKey& seen) {
  return seen.token_label == "token" && seen.token_serial == "42" &&
         seen.token_manufacturer == "maker" && seen.token_model == "model" &&
         std::ranges::any_of(seen.attributes, [](const gate::AttributeRecord& record) {
           return record.type == CKA_MODULUS && AsText(record.value) == "modulus 1";
         });
}

}  // namespace

void WrapHost::SetUp() {
  setenv("GRANTD_GATE", gate.address().c_str(), 1);
  unsetenv("GRANTD_GRANT");
  unsetenv("GRANT_PKCS11_LOG");
  Configure(std::string("mode = \"wrap\"\nmodule = \"") + GetParam() + "\"\n");
  void* const library = dlopen(GetParam(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  backing = reinterpret_cast<GetFakeBacking>(dlsym(library, kGetFakeBacking))();
  *backing = {};
  gate.SetIdentifier([](const gate::IdentifyKey& seen) {
    if (!IsGoverned(seen)) return gate::KeyIdentified{};
    return gate::KeyIdentified{gate::SignerRecord{"release", {}}, "prod", kGovernedId};
  });
  ASSERT_RV(CKR_OK, p11->C_Initialize(nullptr));
  CK_VERSION version{3, 0};
  CK_INTERFACE* found = nullptr;
  const auto get = reinterpret_cast<CK_C_GetInterface>(ModuleSymbol("C_GetInterface"));
  ASSERT_RV(CKR_OK, get(nullptr, &version, &found, 0));
  functions = static_cast<const CK_FUNCTION_LIST_3_0*>(found->pFunctionList);
}

CK_RV WrapHost::Begin(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type) {
  CK_MECHANISM mechanism{type, nullptr, 0};
  return p11->C_SignInit(kSession, &mechanism, key);
}

CK_RV WrapHost::Sign(CK_SESSION_HANDLE session) {
  CK_BYTE data[] = {'d', 'a', 't', 'a'};
  CK_BYTE signature[64];
  CK_ULONG size = sizeof signature;
  return p11->C_Sign(session, data, sizeof data, signature, &size);
}

CK_RV WrapHost::Update(const std::string& part) {
  std::string copy = part;
  return p11->C_SignUpdate(kSession, reinterpret_cast<CK_BYTE*>(copy.data()), copy.size());
}

CK_RV WrapHost::Final() {
  CK_BYTE signature[64];
  CK_ULONG size = sizeof signature;
  return p11->C_SignFinal(kSession, signature, &size);
}

void WrapHost::RefuseUses() {
  gate.SetSigner([](const gate::SignTarget&, ByteView) {
    return gate::Refused{Cause::kUsedUp, 0, "used up", ""};
  });
}

size_t WrapHost::Spends() const {
  return gate.Count(gate::MessageType::kSign) + gate.Count(gate::MessageType::kSignEnd);
}

}  // namespace grant::test
