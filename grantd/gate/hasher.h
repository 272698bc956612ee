// One digest, taken in piece by piece.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"

namespace grant {

// Not for use by two threads at once.
class Hasher {
 public:
  // By one of cryptoki::DigestMechanisms().
  explicit Hasher(CK_MECHANISM_TYPE mechanism);

  void Add(ByteView data);
  // Empty on failure, also for a mechanism that is none of those.
  Bytes Finish();

  CK_MECHANISM_TYPE mechanism() const { return mechanism_; }

 private:
  CK_MECHANISM_TYPE mechanism_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool ok_ = false;
};

}  // namespace grant
