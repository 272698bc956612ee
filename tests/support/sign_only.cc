// sign_only MODULE TOKEN PIN LABEL: lets the private keys with that label sign and nothing else.
// For tests: keys that people make with pkcs11-tool decrypt and unwrap as well.
#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/cryptoki.h"

namespace grant::test {
namespace {

constexpr size_t kObjectsMax = 256;

bool IsLabelled(const CK_TOKEN_INFO& info, std::string_view label) {
  const std::string_view field(reinterpret_cast<const char*>(info.label), sizeof info.label);
  return field.starts_with(label) &&
         field.find_first_not_of(' ', label.size()) == std::string_view::npos;
}

// 0 where there is no such token.
CK_SESSION_HANDLE OpenSession(CK_FUNCTION_LIST* p11, std::string_view token, std::string pin) {
  std::array<CK_SLOT_ID, 64> slots{};
  CK_ULONG count = slots.size();
  p11->C_GetSlotList(CK_TRUE, slots.data(), &count);
  for (const CK_SLOT_ID slot : std::span(slots).first(count)) {
    CK_TOKEN_INFO info{};
    if (p11->C_GetTokenInfo(slot, &info) != CKR_OK || !IsLabelled(info, token)) continue;
    CK_SESSION_HANDLE session = 0;
    p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
    const CK_RV rv =
        p11->C_Login(session, CKU_USER, reinterpret_cast<CK_BYTE*>(pin.data()), pin.size());
    return rv == CKR_OK ? session : 0;
  }
  return 0;
}

// How many keys were changed.
size_t Restrict(CK_FUNCTION_LIST* p11, CK_SESSION_HANDLE session, std::string label) {
  CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
  std::array<CK_ATTRIBUTE, 2> pattern{
      {{CKA_CLASS, &private_key, sizeof private_key}, {CKA_LABEL, label.data(), label.size()}}};
  std::array<CK_OBJECT_HANDLE, kObjectsMax> keys{};
  CK_ULONG count = 0;
  p11->C_FindObjectsInit(session, pattern.data(), pattern.size());
  p11->C_FindObjects(session, keys.data(), keys.size(), &count);
  p11->C_FindObjectsFinal(session);
  size_t changed = 0;
  for (const CK_OBJECT_HANDLE key : std::span(keys).first(count)) {
    CK_BBOOL no = CK_FALSE;
    std::array<CK_ATTRIBUTE, 3> uses{{{CKA_DECRYPT, &no, sizeof no},
                                      {CKA_UNWRAP, &no, sizeof no},
                                      {CKA_SIGN_RECOVER, &no, sizeof no}}};
    changed += p11->C_SetAttributeValue(session, key, uses.data(), uses.size()) == CKR_OK ? 1 : 0;
  }
  return changed;
}

int Main(std::span<char*> arguments) {
  if (arguments.size() != 5) return 2;
  auto module = cryptoki::BackingModule::Load(arguments[1]);
  if (!module || !(*module)->Initialize()) return 1;
  CK_FUNCTION_LIST* const p11 = (*module)->functions();
  const CK_SESSION_HANDLE session = OpenSession(p11, arguments[2], arguments[3]);
  const size_t changed = session == 0 ? 0 : Restrict(p11, session, arguments[4]);
  (*module)->Finalize();
  if (changed > 0) return 0;
  static_cast<void>(fprintf(stderr, "sign_only: no key '%s' was changed\n", arguments[4]));
  return 1;
}

}  // namespace
}  // namespace grant::test

int main(int argc, char** argv) {
  return grant::test::Main({argv, static_cast<size_t>(argc)});
}
