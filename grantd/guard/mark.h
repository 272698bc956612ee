// How far grantd has come: the end of its audit, and the time. Kept beside the database, so that an
// older copy of the database shows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "grant/bytes.h"
#include "grantd/domain/time.h"
#include "grantd/store/tables.h"

namespace grant {

struct Mark {
  AuditHead head;
  Time at;  // the latest time at which the clock was believed

  bool operator==(const Mark& other) const {
    return head.number == other.head.number && head.hash == other.head.hash && at == other.at;
  }
};

// One written mark: of those in a file, the one with the highest sequence counts.
struct MarkSlot {
  uint64_t sequence = 0;
  Mark mark;
};

inline constexpr size_t kMarkSlotBytes = 136;
using MarkSlotBytes = std::array<uint8_t, kMarkSlotBytes>;

// Of the hash the first kHashHexBytes are kept, which is what every hash has.
MarkSlotBytes EncodeMarkSlot(const MarkSlot& slot);
// Nothing where the bytes are not whole: their SHA-256 is part of them.
std::optional<MarkSlot> DecodeMarkSlot(const MarkSlotBytes& bytes);

}  // namespace grant
