// Telling a governed key by what it is, wherever somebody else sees it. Pure: no calls to a token.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "grant/gate/protocol.h"
#include "grantd/hsm/token.h"

namespace grant {

// Whether the caller's token and this one are the same. The serial number decides, with the maker's
// names, for two makers may count alike; a label may have changed since it was read. Where there is
// no serial number, the label has to agree as well.
bool IsSameToken(const gate::IdentifyKey& seen, const gate::TokenRecord& token);

// Whether the caller's token may be the one that this selector is for.
bool MayBeToken(const gate::IdentifyKey& seen, const KeySelector& selector);

// Which of the private keys in `governed` (object ids) the key with these attributes is; nothing
// where it is none of them.
//
// It is one where both have the same public value. A private key shows it by itself (RSA), or by
// the public keys on the token that have its CKA_ID; so a copy with an ID of its own is still told,
// by its public value. It is one, too, where both have the same CKA_ID, unless their types, curves
// or moduli show that they are two keys. Without ID and public value on both sides, label, type and
// curve decide. A label alone never does.
std::optional<uint64_t> FindGoverned(const std::vector<gate::AttributeRecord>& seen,
                                     const TokenObjects& objects,
                                     const std::set<uint64_t>& governed);

}  // namespace grant
