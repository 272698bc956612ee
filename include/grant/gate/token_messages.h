// Gate messages about what is on the tokens: slots, objects, logins, and whose a key is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/gate/message_type.h"

namespace grant::gate {

struct GetTokens {
  static constexpr MessageType kType = MessageType::kGetTokens;
  template <typename V>
  void Fields(V&) {}
};

// CK_MECHANISM_INFO of one mechanism; only mechanisms that grantd serves are listed, with the flags
// of what it serves them for.
struct MechanismRecord {
  uint64_t type = 0;
  uint64_t key_size_min = 0;
  uint64_t key_size_max = 0;
  uint64_t flags = 0;
  template <typename V>
  void Fields(V& v) {
    v(type), v(key_size_min), v(key_size_max), v(flags);
  }
};

// One token that grantd serves, as the backing module describes it (CK_SLOT_INFO, CK_TOKEN_INFO).
// Text is without padding. Versions are major << 8 | minor.
struct TokenRecord {
  std::string name;  // grantd's name for it, used in the calls below
  bool present = false;
  bool accept_any_pin = false;
  uint64_t slot_id = 0;
  std::string slot_description;
  std::string slot_manufacturer;
  uint64_t slot_flags = 0;
  uint16_t slot_hardware = 0;
  uint16_t slot_firmware = 0;
  std::string label;
  std::string manufacturer;
  std::string model;
  std::string serial;
  uint64_t token_flags = 0;
  uint64_t pin_length_min = 0;
  uint64_t pin_length_max = 0;
  uint16_t token_hardware = 0;
  uint16_t token_firmware = 0;
  std::vector<MechanismRecord> mechanisms;
  template <typename V>
  void Fields(V& v) {
    v(name), v(present), v(accept_any_pin), v(slot_id), v(slot_description), v(slot_manufacturer);
    v(slot_flags), v(slot_hardware), v(slot_firmware), v(label), v(manufacturer), v(model);
    v(serial), v(token_flags), v(pin_length_min), v(pin_length_max), v(token_hardware);
    v(token_firmware), v(mechanisms);
  }
};

struct Tokens {
  static constexpr MessageType kType = MessageType::kTokens;
  std::vector<TokenRecord> tokens;
  template <typename V>
  void Fields(V& v) {
    v(tokens);
  }
};

// Asks for a token's objects. With `known_version` from an earlier answer, an unchanged token
// answers with `changed` false and no objects. 0 is never a version.
struct GetObjects {
  static constexpr MessageType kType = MessageType::kGetObjects;
  std::string token;
  uint64_t known_version = 0;
  template <typename V>
  void Fields(V& v) {
    v(token), v(known_version);
  }
};

// One attribute. `value` is as the backing module gave it, in this machine's byte order and word
// size. A sensitive attribute has no value.
struct AttributeRecord {
  uint64_t type = 0;
  bool sensitive = false;
  Bytes value;
  template <typename V>
  void Fields(V& v) {
    v(type), v(sensitive), v(value);
  }
};

// The signer that governs a private key. An empty list of mechanisms allows all that the key can
// do.
struct SignerRecord {
  std::string name;
  std::vector<uint64_t> mechanisms;
  template <typename V>
  void Fields(V& v) {
    v(name), v(mechanisms);
  }
};

struct ObjectRecord {
  uint64_t id = 0;  // stands for the object while grantd runs, and is not given to another
  std::vector<AttributeRecord> attributes;
  std::optional<SignerRecord> signer;
  template <typename V>
  void Fields(V& v) {
    v(id), v(attributes), v(signer);
  }
};

struct Objects {
  static constexpr MessageType kType = MessageType::kObjects;
  uint64_t version = 0;
  bool changed = true;
  std::vector<ObjectRecord> objects;
  template <typename V>
  void Fields(V& v) {
    v(version), v(changed), v(objects);
  }
};

// A PIN given to C_Login that is not empty. LoginAccepted says that it is a grant secret (or that
// the token accepts any PIN).
struct Login {
  static constexpr MessageType kType = MessageType::kLogin;
  std::string token;
  std::string pin;
  template <typename V>
  void Fields(V& v) {
    v(token), v(pin);
  }
};

struct LoginAccepted {
  static constexpr MessageType kType = MessageType::kLoginAccepted;
  template <typename V>
  void Fields(V&) {}
};

// Asks whether a private key that the caller sees on its own token is one that a signer governs.
// The key is told by what it is: all its attributes that can be read, of CKA_CLASS, CKA_KEY_TYPE,
// CKA_ID, CKA_LABEL and the public values.
struct IdentifyKey {
  static constexpr MessageType kType = MessageType::kIdentifyKey;
  std::string token_label;  // of CK_TOKEN_INFO, without padding; so are the next three
  std::string token_serial;
  std::string token_manufacturer;
  std::string token_model;
  std::vector<AttributeRecord> attributes;

  template <typename V>
  void Fields(V& v) {
    v(token_label), v(token_serial), v(token_manufacturer), v(token_model), v(attributes);
  }
};

// The answer to IdentifyKey: `signer` is absent where no signer governs the key, which is then none
// of grantd's business. `token` and `key_id` are for SignTarget.
struct KeyIdentified {
  static constexpr MessageType kType = MessageType::kKeyIdentified;
  std::optional<SignerRecord> signer;
  std::string token;
  uint64_t key_id = 0;

  template <typename V>
  void Fields(V& v) {
    v(signer), v(token), v(key_id);
  }
};

}  // namespace grant::gate
