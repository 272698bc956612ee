// How PKCS #11 gives lists of unknown length (v2.40, 5.2): a null buffer asks for the count.
#pragma once

#include <algorithm>
#include <vector>

#include "pkcs11/error.h"

namespace grant::pkcs11 {

template <typename T>
Status GiveList(const std::vector<T>& items, T* buffer, CK_ULONG* count) {
  const CK_ULONG room = *count;
  *count = items.size();
  if (buffer == nullptr) return {};
  if (room < items.size()) return Fail(CKR_BUFFER_TOO_SMALL);
  std::ranges::copy(items, buffer);
  return {};
}

}  // namespace grant::pkcs11
