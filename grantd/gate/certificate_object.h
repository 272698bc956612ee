// A certificate of the rules as a PKCS#11 object.
#pragma once

#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/gate/protocol.h"

namespace grant {

// The certificates in `pem`, leaf first, as CKO_CERTIFICATE objects with IDs from `first_id` on.
// The leaf gets the key's CKA_ID and `label`, so that tools find it next to the key; an issuer its
// own subject key identifier and common name. Text that is no certificate yields none.
std::vector<gate::ObjectRecord> CertificateObjects(const std::string& pem, const Bytes& key_id,
                                                   const std::string& label, uint64_t first_id);

}  // namespace grant
