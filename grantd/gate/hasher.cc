#include "grantd/gate/hasher.h"

namespace grant {
namespace {

const EVP_MD* EvpOf(CK_MECHANISM_TYPE mechanism) {
  switch (mechanism) {
    case CKM_MD5:
      return EVP_md5();
    case CKM_SHA_1:
      return EVP_sha1();
    case CKM_SHA224:
      return EVP_sha224();
    case CKM_SHA256:
      return EVP_sha256();
    case CKM_SHA384:
      return EVP_sha384();
    case CKM_SHA512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

}  // namespace

Hasher::Hasher(CK_MECHANISM_TYPE mechanism)
    : mechanism_(mechanism), context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  const EVP_MD* const algorithm = EvpOf(mechanism);
  ok_ = context_ != nullptr && algorithm != nullptr &&
        EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1;
}

void Hasher::Add(ByteView data) {
  ok_ = ok_ && EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1;
}

Bytes Hasher::Finish() {
  Bytes value(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (!ok_ || EVP_DigestFinal_ex(context_.get(), value.data(), &size) != 1) return {};
  value.resize(size);
  return value;
}

}  // namespace grant
