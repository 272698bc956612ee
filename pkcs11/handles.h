// Handles of sessions and objects. One is given out once in the life of the process, so that a
// stale one never names something else.
#pragma once

#include <atomic>

#include "grant/cryptoki/cryptoki.h"

namespace grant::pkcs11 {

inline CK_ULONG NewHandle() {
  static constinit std::atomic<CK_ULONG> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace grant::pkcs11
