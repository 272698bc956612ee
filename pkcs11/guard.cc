#include "pkcs11/guard.h"

#include <pthread.h>

namespace grant::pkcs11 {

NoCancellation::NoCancellation() {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_);
}

NoCancellation::~NoCancellation() {
  pthread_setcancelstate(before_, nullptr);
}

CK_RV Conclude(const char* function, const Library* library, const Status& status) {
  const CK_RV rv = status ? CKR_OK : status.error().rv;
  if (library != nullptr) {
    library->log.Call(function, rv, status ? std::string_view() : status.error().message);
  }
  if (!status) TellPerson(status.error());
  return rv;
}

}  // namespace grant::pkcs11
