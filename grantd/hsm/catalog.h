// The objects of a token under numbers of grantd's own. Pure: no calls to a module.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "grantd/hsm/object_reader.h"
#include "grantd/hsm/token.h"

namespace grant {

struct KeyHandle {
  CK_OBJECT_HANDLE handle = 0;
  bool always_authenticate = false;
  CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
  size_t modulus_bytes = 0;  // of an RSA key
  bool operator==(const KeyHandle&) const = default;
};
using KeyHandles = std::unordered_map<uint64_t, KeyHandle>;  // by object id

struct Catalog {
  std::shared_ptr<const TokenObjects> objects;
  KeyHandles private_keys;
  KeyHandles public_keys;
};

// An object's id is a digest of what it is: class, CKA_ID, label and public value. So it outlives
// handles, logins and restarts of grantd, and a module that still holds an old id can never reach
// another object with it. The version is likewise a digest of all there is to see. Objects that are
// alike in everything that makes the id are told apart by their order on the token.
Catalog MakeCatalog(std::vector<ReadObject> read);

}  // namespace grant
