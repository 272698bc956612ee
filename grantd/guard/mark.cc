#include "grantd/guard/mark.h"

#include <algorithm>
#include <string_view>

#include "grantd/domain/sha256.h"
#include "grantd/store/audit_chain.h"

namespace grant {
namespace {

// Offsets of the parts.
constexpr std::string_view kMagic("grantd mark 1\n\0\0", 16);
constexpr size_t kSequence = kMagic.size();
constexpr size_t kNumber = kSequence + 8;
constexpr size_t kAt = kNumber + 8;
constexpr size_t kHash = kAt + 8;
constexpr size_t kChecksum = kHash + kHashHexBytes;
static_assert(kChecksum + kSha256Bytes == kMarkSlotBytes);

void Put(MarkSlotBytes& bytes, size_t offset, uint64_t value) {
  for (size_t i = 0; i < 8; ++i) bytes.at(offset + i) = static_cast<uint8_t>(value >> (56 - 8 * i));
}

uint64_t Get(const MarkSlotBytes& bytes, size_t offset) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | bytes.at(offset + i);
  return value;
}

std::array<uint8_t, kSha256Bytes> Checksum(const MarkSlotBytes& bytes) {
  return Sha256(ByteView(bytes).first(kChecksum));
}

}  // namespace

MarkSlotBytes EncodeMarkSlot(const MarkSlot& slot) {
  MarkSlotBytes bytes{};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  Put(bytes, kSequence, slot.sequence);
  Put(bytes, kNumber, static_cast<uint64_t>(slot.mark.head.number));
  Put(bytes, kAt, static_cast<uint64_t>(ToMillis(slot.mark.at)));
  const std::string& hash = slot.mark.head.hash;
  std::copy_n(hash.begin(), std::min(hash.size(), kHashHexBytes), bytes.begin() + kHash);
  const auto checksum = Checksum(bytes);
  std::copy(checksum.begin(), checksum.end(), bytes.begin() + kChecksum);
  return bytes;
}

std::optional<MarkSlot> DecodeMarkSlot(const MarkSlotBytes& bytes) {
  const auto checksum = Checksum(bytes);
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin()) ||
      !std::equal(checksum.begin(), checksum.end(), bytes.begin() + kChecksum)) {
    return std::nullopt;
  }
  MarkSlot slot;
  slot.sequence = Get(bytes, kSequence);
  slot.mark.head.number = static_cast<int64_t>(Get(bytes, kNumber));
  slot.mark.at = FromMillis(static_cast<int64_t>(Get(bytes, kAt)));
  slot.mark.head.hash.assign(bytes.begin() + kHash, bytes.begin() + kChecksum);
  return slot;
}

}  // namespace grant
