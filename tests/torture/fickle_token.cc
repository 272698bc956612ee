// A backing module that is SoftHSM2 but for the moods of an HSM: now and then it refuses to sign,
// and now and then it takes its time.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <numeric>

#include "grant/cryptoki/cryptoki.h"

namespace {

// Of so many contents one is refused and one is signed late, whoever asks.
constexpr unsigned kContents = 16;
constexpr useconds_t kLateUs = 10'000;  // long enough for a revocation to come first

CK_FUNCTION_LIST* softhsm = nullptr;

unsigned MoodFor(const CK_BYTE* data, CK_ULONG size) {
  return std::accumulate(data, data + size, 0U) % kContents;
}

// What it refuses it has signed, too: a worse token than one that does not even try.
CK_RV Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_size, CK_BYTE_PTR signature,
           CK_ULONG_PTR signature_size) {
  const unsigned mood = MoodFor(data, data_size);
  if (mood == 1) usleep(kLateUs);
  const CK_RV rv = softhsm->C_Sign(session, data, data_size, signature, signature_size);
  if (rv != CKR_OK || mood != 0) return rv;
  std::memset(signature, 0, *signature_size);
  *signature_size = 0;
  return CKR_DATA_INVALID;
}

}  // namespace

// FICKLE_TOKEN_MODULE names SoftHSM2's module.
extern "C" [[gnu::visibility("default")]] CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR given) {
  static CK_FUNCTION_LIST list;
  const char* const path = std::getenv("FICKLE_TOKEN_MODULE");
  void* const library = path == nullptr ? nullptr : dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return CKR_GENERAL_ERROR;
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get_list == nullptr || get_list(&softhsm) != CKR_OK) return CKR_GENERAL_ERROR;
  list = *softhsm;
  list.C_Sign = Sign;
  *given = &list;
  return CKR_OK;
}
