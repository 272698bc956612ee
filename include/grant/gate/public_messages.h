// Gate messages about what needs no grant: verifying, digests, encryption with public keys, random
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/gate/message_type.h"
#include "grant/gate/sign_messages.h"

namespace grant::gate {

// The public key and the mechanism of a verification: shared by Verify and VerifyBegin.
struct VerifyTarget {
  std::string token;
  uint64_t key_id = 0;
  SignMechanism mechanism;

  template <typename V>
  void Fields(V& v) {
    v(token), v(key_id), mechanism.Fields(v);
  }
};

// Whether a signature is right, in one message; `data` is at most kInlineDataBytesMax. Refused with
// Cause::kSignatureInvalid or kSignatureLength where it is not.
struct Verify {
  static constexpr MessageType kType = MessageType::kVerify;
  VerifyTarget target;
  Bytes data;
  Bytes signature;

  template <typename V>
  void Fields(V& v) {
    target.Fields(v), v(data), v(signature);
  }
};

// A long verification: VerifyBegin, Data, VerifyEnd.
struct VerifyBegin {
  static constexpr MessageType kType = MessageType::kVerifyBegin;
  VerifyTarget target;

  template <typename V>
  void Fields(V& v) {
    target.Fields(v);
  }
};

struct VerifyEnd {
  static constexpr MessageType kType = MessageType::kVerifyEnd;
  Bytes signature;

  template <typename V>
  void Fields(V& v) {
    v(signature);
  }
};

struct Verified {
  static constexpr MessageType kType = MessageType::kVerified;
  template <typename V>
  void Fields(V&) {}
};

// A digest in one message; `data` is at most kInlineDataBytesMax.
struct Digest {
  static constexpr MessageType kType = MessageType::kDigest;
  uint64_t mechanism = 0;  // CK_MECHANISM_TYPE
  Bytes data;

  template <typename V>
  void Fields(V& v) {
    v(mechanism), v(data);
  }
};

// A long digest: DigestBegin, Data, DigestEnd.
struct DigestBegin {
  static constexpr MessageType kType = MessageType::kDigestBegin;
  uint64_t mechanism = 0;

  template <typename V>
  void Fields(V& v) {
    v(mechanism);
  }
};

struct DigestEnd {
  static constexpr MessageType kType = MessageType::kDigestEnd;
  template <typename V>
  void Fields(V&) {}
};

struct DigestValue {
  static constexpr MessageType kType = MessageType::kDigestValue;
  Bytes value;

  template <typename V>
  void Fields(V& v) {
    v(value);
  }
};

// CK_RSA_PKCS_OAEP_PARAMS.
struct OaepParameters {
  uint64_t hash = 0;  // CK_MECHANISM_TYPE
  uint64_t mgf = 0;   // CK_RSA_PKCS_MGF_TYPE
  Bytes label;        // pSourceData, of CKZ_DATA_SPECIFIED

  template <typename V>
  void Fields(V& v) {
    v(hash), v(mgf), v(label);
  }
  bool operator==(const OaepParameters&) const = default;
};

// CK_MECHANISM of an encryption with a public key.
struct EncryptMechanism {
  uint64_t type = 0;
  std::optional<OaepParameters> oaep;

  template <typename V>
  void Fields(V& v) {
    v(type), v(oaep);
  }
  bool operator==(const EncryptMechanism&) const = default;
};

// Encrypts with a public key; `data` is no longer than a modulus.
struct Encrypt {
  static constexpr MessageType kType = MessageType::kEncrypt;
  std::string token;
  uint64_t key_id = 0;
  EncryptMechanism mechanism;
  Bytes data;

  template <typename V>
  void Fields(V& v) {
    v(token), v(key_id), mechanism.Fields(v), v(data);
  }
};

struct Ciphertext {
  static constexpr MessageType kType = MessageType::kCiphertext;
  Bytes data;

  template <typename V>
  void Fields(V& v) {
    v(data);
  }
};

// Asks the token for random bytes, at most kInlineDataBytesMax.
struct GetRandom {
  static constexpr MessageType kType = MessageType::kGetRandom;
  std::string token;
  uint32_t bytes = 0;

  template <typename V>
  void Fields(V& v) {
    v(token), v(bytes);
  }
};

struct Random {
  static constexpr MessageType kType = MessageType::kRandom;
  Bytes data;

  template <typename V>
  void Fields(V& v) {
    v(data);
  }
};

}  // namespace grant::gate
