// A PKCS#11 module for the bare broker, with the functions that bench_host calls and no others.
//
// BARE_BROKER names the broker's socket. With BARE_MODULE the host signs by itself with that
// module, once the broker has recorded it; else the broker signs.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/cryptoki.h"
#include "tests/bench/bare/messages.h"

namespace grant::bench {
namespace {

// One for each thread, as each thread of the host has one session.
int Connection() {
  thread_local const int connection = [] {
    const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", std::getenv("BARE_BROKER"));
    return connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? made : -1;
  }();
  return connection;
}

bool Ask(const BareRequest& request, BareAnswer& answer) {
  return send(Connection(), &request, sizeof request, MSG_NOSIGNAL) == sizeof request &&
         recv(Connection(), &answer, sizeof answer, MSG_WAITALL) == sizeof answer;
}

// What the thread is about to sign.
thread_local BareRequest next_signature;
// What the search is for.
BareRequest search;
CK_FUNCTION_LIST backing;

CK_RV Nothing(CK_VOID_PTR) {
  return CKR_OK;
}

CK_RV GetSlotList(CK_BBOOL, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  slots[0] = 0;
  *count = 1;
  return CKR_OK;
}

CK_RV OpenSession(CK_SLOT_ID, CK_FLAGS, CK_VOID_PTR, CK_NOTIFY, CK_SESSION_HANDLE_PTR session) {
  *session = 1;
  return CKR_OK;
}

CK_RV FindObjectsInit(CK_SESSION_HANDLE, CK_ATTRIBUTE_PTR wanted, CK_ULONG count) {
  search = {};
  for (CK_ULONG i = 0; i < count; ++i) {
    if (wanted[i].type != CKA_LABEL) continue;
    search.bytes = static_cast<uint32_t>(std::min(wanted[i].ulValueLen, sizeof search.data));
    std::memcpy(search.data, wanted[i].pValue, search.bytes);
  }
  return CKR_OK;
}

CK_RV FindObjects(CK_SESSION_HANDLE, CK_OBJECT_HANDLE_PTR keys, CK_ULONG, CK_ULONG_PTR count) {
  BareAnswer answer;
  if (!Ask(search, answer)) return CKR_DEVICE_ERROR;
  keys[0] = answer.key;
  *count = answer.key == 0 ? 0 : 1;
  return CKR_OK;
}

CK_RV FindObjectsFinal(CK_SESSION_HANDLE) {
  return CKR_OK;
}

CK_RV SignInit(CK_SESSION_HANDLE, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  next_signature.what = BareRequest::kSign;
  next_signature.mechanism = mechanism->mechanism;
  next_signature.key = key;
  return CKR_OK;
}

CK_RV Sign(CK_SESSION_HANDLE, CK_BYTE_PTR data, CK_ULONG bytes, CK_BYTE_PTR signature,
           CK_ULONG_PTR signature_bytes) {
  next_signature.bytes = static_cast<uint32_t>(std::min(bytes, sizeof next_signature.data));
  std::memcpy(next_signature.data, data, next_signature.bytes);
  BareAnswer answer;
  if (!Ask(next_signature, answer)) return CKR_DEVICE_ERROR;
  if (answer.rv == CKR_OK) std::memcpy(signature, answer.signature, answer.bytes);
  *signature_bytes = answer.bytes;
  return answer.rv;
}

CK_RV SignHere(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG bytes, CK_BYTE_PTR signature,
               CK_ULONG_PTR signature_bytes) {
  BareRequest request;
  request.what = BareRequest::kRecord;
  BareAnswer answer;
  if (!Ask(request, answer)) return CKR_DEVICE_ERROR;
  return backing.C_Sign(session, data, bytes, signature, signature_bytes);
}

}  // namespace
}  // namespace grant::bench

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(
    CK_FUNCTION_LIST_PTR_PTR list) {
  static CK_FUNCTION_LIST functions{};
  namespace bench = grant::bench;
  if (const char* path = std::getenv("BARE_MODULE")) {
    auto loaded = grant::cryptoki::BackingModule::Load(path);
    if (!loaded) return CKR_GENERAL_ERROR;
    bench::backing = *(*loaded)->functions();
    functions = bench::backing;
    functions.C_Sign = bench::SignHere;
  } else {
    functions.C_Initialize = bench::Nothing;
    functions.C_GetSlotList = bench::GetSlotList;
    functions.C_OpenSession = bench::OpenSession;
    functions.C_FindObjectsInit = bench::FindObjectsInit;
    functions.C_FindObjects = bench::FindObjects;
    functions.C_FindObjectsFinal = bench::FindObjectsFinal;
    functions.C_SignInit = bench::SignInit;
    functions.C_Sign = bench::Sign;
  }
  *list = &functions;
  return CKR_OK;
}
