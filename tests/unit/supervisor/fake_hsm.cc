#include "tests/unit/supervisor/fake_hsm.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "grant/cryptoki/cryptoki.h"

namespace grant::test {
namespace {

constexpr CK_SLOT_ID kSlot = 3;

FakeHsmControl& Control() {
  static FakeHsmControl* const control = [] {
    const int fd = open(getenv(kFakeHsmControl), O_RDWR | O_CLOEXEC);
    void* const memory =
        mmap(nullptr, sizeof(FakeHsmControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || memory == MAP_FAILED) abort();
    close(fd);
    return static_cast<FakeHsmControl*>(memory);
  }();
  return *control;
}

void Suffer(std::atomic<Mishap>& mishap) {
  Mishap now = mishap;
  if (now != Mishap::kCrashAlways) now = mishap.exchange(Mishap::kNone);
  if (now == Mishap::kNone) return;
  while (now == Mishap::kHang) pause();
  raise(SIGSEGV);
}

struct Session {
  bool signing = false;
  std::vector<CK_OBJECT_HANDLE> found;
};
std::mutex mutex;
std::map<CK_SESSION_HANDLE, Session> sessions;
CK_SESSION_HANDLE next_session = 1;
bool logged_in = false;

template <size_t kBytes>
void Pad(CK_UTF8CHAR (&field)[kBytes], const char* text) {
  std::memset(field, ' ', kBytes);
  std::memcpy(field, text, std::strlen(text));
}

CK_RV Initialize(CK_VOID_PTR) {
  ++Control().starts;
  Suffer(Control().initialize);
  return CKR_OK;
}

CK_RV GetSlotList(CK_BBOOL, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  *count = Control().absent ? 0 : 1;
  if (slots != nullptr && *count == 1) slots[0] = kSlot;
  return CKR_OK;
}

CK_RV GetSlotInfo(CK_SLOT_ID, CK_SLOT_INFO_PTR info) {
  if (Control().absent) return CKR_TOKEN_NOT_PRESENT;
  *info = {};
  Pad(info->slotDescription, "fake slot");
  Pad(info->manufacturerID, "fake");
  info->flags = CKF_TOKEN_PRESENT;
  return CKR_OK;
}

CK_RV GetTokenInfo(CK_SLOT_ID, CK_TOKEN_INFO_PTR info) {
  if (Control().absent) return CKR_TOKEN_NOT_PRESENT;
  *info = {};
  Pad(info->label, "fake");
  Pad(info->manufacturerID, "fake");
  Pad(info->model, "fake");
  Pad(info->serialNumber, "1");
  info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
  return CKR_OK;
}

CK_RV GetMechanismList(CK_SLOT_ID, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count) {
  if (list != nullptr) list[0] = CKM_ECDSA;
  *count = 1;
  return CKR_OK;
}

CK_RV GetMechanismInfo(CK_SLOT_ID, CK_MECHANISM_TYPE, CK_MECHANISM_INFO_PTR info) {
  *info = {256, 256, CKF_SIGN | CKF_VERIFY};
  return CKR_OK;
}

CK_RV OpenSession(CK_SLOT_ID, CK_FLAGS, CK_VOID_PTR, CK_NOTIFY, CK_SESSION_HANDLE_PTR session) {
  if (Control().absent) return CKR_TOKEN_NOT_PRESENT;
  const std::lock_guard<std::mutex> lock(mutex);
  *session = next_session++;
  sessions[*session] = {};
  return CKR_OK;
}

CK_RV CloseSession(CK_SESSION_HANDLE session) {
  const std::lock_guard<std::mutex> lock(mutex);
  return sessions.erase(session) == 1 ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

CK_RV GetSessionInfo(CK_SESSION_HANDLE, CK_SESSION_INFO_PTR info) {
  *info = {kSlot, CKS_RO_USER_FUNCTIONS, CKF_SERIAL_SESSION, 0};
  return CKR_OK;
}

CK_RV Login(CK_SESSION_HANDLE, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  ++Control().logins;
  Suffer(Control().login);
  if (std::string(pin, pin + length) != "1234") {
    ++Control().wrong_logins;
    return CKR_PIN_INCORRECT;
  }
  const std::lock_guard<std::mutex> lock(mutex);
  if (user == CKU_USER) logged_in = true;
  return CKR_OK;
}

// Handles 1 and 2 are the private and the public key of "key", 3 and 4 those of "new".
CK_RV FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR pattern, CK_ULONG) {
  if (Control().absent) return CKR_DEVICE_REMOVED;
  CK_OBJECT_CLASS wanted = 0;
  std::memcpy(&wanted, pattern[0].pValue, sizeof wanted);
  if (wanted == CKO_PRIVATE_KEY) ++Control().readings;
  const std::lock_guard<std::mutex> lock(mutex);
  auto& found = sessions[session].found;
  found.clear();
  for (CK_OBJECT_HANDLE key = 1; key <= (Control().two_keys ? 4U : 2U); ++key) {
    if (wanted == (key % 2 == 1 ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY)) found.push_back(key);
  }
  return CKR_OK;
}

CK_RV FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR objects, CK_ULONG,
                  CK_ULONG_PTR count) {
  const std::lock_guard<std::mutex> lock(mutex);
  auto& found = sessions[session].found;
  *count = found.size();
  std::copy(found.begin(), found.end(), objects);
  found.clear();
  return CKR_OK;
}

CK_RV FindObjectsFinal(CK_SESSION_HANDLE) {
  return CKR_OK;
}

std::string ValueOf(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  const auto number = [](CK_ULONG value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  };
  switch (type) {
    case CKA_CLASS:
      return number(object % 2 == 1 ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY);
    case CKA_KEY_TYPE:
      return number(CKK_EC);
    case CKA_LABEL:
      return object <= 2 ? "key" : "new";
    case CKA_ID:
      return object <= 2 ? "1" : "2";
    case CKA_EC_PARAMS:
      return "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";  // P-256
    case CKA_SIGN:
      return "\1";
    case CKA_ALWAYS_AUTHENTICATE:
      return Control().always_authenticate ? "\1" : std::string(1, '\0');
    default:
      return {};
  }
}

CK_RV GetAttributeValue(CK_SESSION_HANDLE, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR attributes,
                        CK_ULONG count) {
  CK_RV rv = CKR_OK;
  for (CK_ULONG i = 0; i < count; ++i) {
    const std::string value = ValueOf(object, attributes[i].type);
    if (value.empty()) {
      attributes[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
      rv = CKR_ATTRIBUTE_TYPE_INVALID;
      continue;
    }
    attributes[i].ulValueLen = value.size();
    if (attributes[i].pValue != nullptr) {
      std::memcpy(attributes[i].pValue, value.data(), value.size());
    }
  }
  return rv;
}

CK_RV SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR, CK_OBJECT_HANDLE key) {
  ++Control().sign_inits;
  if (key > (Control().two_keys ? 4U : 2U)) return CKR_KEY_HANDLE_INVALID;
  const std::lock_guard<std::mutex> lock(mutex);
  if (!logged_in) return CKR_USER_NOT_LOGGED_IN;
  if (std::exchange(sessions[session].signing, true)) return CKR_OPERATION_ACTIVE;
  return CKR_OK;
}

CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR signature,
           CK_ULONG_PTR bytes) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!std::exchange(sessions[session].signing, false)) return CKR_OPERATION_NOT_INITIALIZED;
  }
  ++Control().signing;
  Suffer(Control().sign);
  while (Control().hold_signatures) sched_yield();
  --Control().signing;
  if (Control().absent) return CKR_DEVICE_REMOVED;
  if (const CK_RV rv = Control().sign_rv; rv != CKR_OK) return rv;
  std::memset(signature, 0, 64);
  const pid_t self = getpid();
  std::memcpy(signature, &self, sizeof self);
  *bytes = 64;
  return CKR_OK;
}

CK_RV GenerateRandom(CK_SESSION_HANDLE, CK_BYTE_PTR random, CK_ULONG bytes) {
  Suffer(Control().random);
  std::memset(random, 7, bytes);
  return CKR_OK;
}

}  // namespace
}  // namespace grant::test

extern "C" [[gnu::visibility("default")]] CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR given) {
  using namespace grant::test;  // NOLINT(google-build-using-namespace)
  static CK_FUNCTION_LIST list{};
  list.version = {2, 40};
  list.C_Initialize = Initialize;
  list.C_GetSlotList = GetSlotList;
  list.C_GetSlotInfo = GetSlotInfo;
  list.C_GetTokenInfo = GetTokenInfo;
  list.C_GetMechanismList = GetMechanismList;
  list.C_GetMechanismInfo = GetMechanismInfo;
  list.C_OpenSession = OpenSession;
  list.C_CloseSession = CloseSession;
  list.C_GetSessionInfo = GetSessionInfo;
  list.C_Login = Login;
  list.C_FindObjectsInit = FindObjectsInit;
  list.C_FindObjects = FindObjects;
  list.C_FindObjectsFinal = FindObjectsFinal;
  list.C_GetAttributeValue = GetAttributeValue;
  list.C_SignInit = SignInit;
  list.C_Sign = Sign;
  list.C_GenerateRandom = GenerateRandom;
  *given = &list;
  return CKR_OK;
}
