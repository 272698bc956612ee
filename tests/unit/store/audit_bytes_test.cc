// The audit in the file: a byte that is not as grantd wrote it is noticed, or is part of nothing.
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "grantd/descriptor.h"
#include "grantd/store/audit_chain.h"
#include "store_testing.h"

namespace grant {
namespace {

constexpr int kEntries = 6;
// Every byte; of a build that looks at every access, which is slow, some of them.
constexpr int kStep = std::string_view(SANITIZED).empty() ? 1 : 31;

// All that the entries say.
std::string Decoded(Tables& tables) {
  std::string text;
  for (const AuditEntry& entry : Must(tables.AuditFrom(INT64_MIN, 100))) {
    for (const std::string& part :
         {std::to_string(entry.number), std::to_string(ToMillis(entry.event.at)), entry.event.event,
          entry.event.actor.text(), entry.event.subject, entry.event.signer, entry.event.detail,
          entry.previous_hash, entry.hash}) {
      text += part + "\n";
    }
  }
  const AuditHead head = Must(tables.LastAudit());
  return text + std::to_string(head.number) + head.hash;
}

class AuditBytes : public testing::Test {
 protected:
  AuditBytes() {
    for (int i = 1; i <= kEntries; ++i) Must(database_.tables().AppendAudit(SomeEvent("grt")));
    // Everything into the one file.
    Must(database_.sql().Query("PRAGMA journal_mode = DELETE", {}));
    original_ = Decoded(database_.tables());
    page_bytes_ = Must(database_.sql().Query("PRAGMA page_size", {}))[0].integer(0);
  }

  // The file's offset of a table of one page.
  off_t OffsetOf(const std::string& table) {
    const auto rows =
        Must(database_.sql().Query("SELECT rootpage FROM sqlite_master WHERE name = $1", {table}));
    return static_cast<off_t>((rows.at(0).integer(0) - 1) * page_bytes_);
  }

  bool Noticed(bool& same) {
    const auto connection =
        SqliteConnection::Open(database_.path(), SqliteConnection::Mode::kReadOnly);
    if (!connection) return true;
    Tables tables(**connection);
    const auto report = VerifyChain(tables);
    if (!report || report->fault) return true;
    same = Decoded(tables) == original_;
    return false;
  }

  // Flips bytes of a page in turn; returns how many flips were noticed.
  int FlipAll(const std::string& table) {
    const off_t offset = OffsetOf(table);
    const Descriptor file(open(database_.path().c_str(), O_RDWR | O_CLOEXEC));
    int noticed = 0;
    for (off_t i = offset; i < offset + page_bytes_; i += kStep) {
      uint8_t byte = 0;
      EXPECT_EQ(pread(file.get(), &byte, 1, i), 1);
      const auto flipped = static_cast<uint8_t>(byte ^ (1U << (i % 8)));
      EXPECT_EQ(pwrite(file.get(), &flipped, 1, i), 1);
      bool same = true;
      noticed += Noticed(same) ? 1 : 0;
      EXPECT_TRUE(same) << table << " byte " << i - offset << " says something else now";
      EXPECT_EQ(pwrite(file.get(), &byte, 1, i), 1);
    }
    return noticed;
  }

  Database database_;
  std::string original_;
  int64_t page_bytes_ = 0;
};

TEST_F(AuditBytes, AnyFlippedByteOfAnEntryIsNoticed) {
  // The texts and both hashes of each entry, at the least.
  EXPECT_GT(FlipAll("audit_entry"), kEntries * 2 * static_cast<int>(kHashHexBytes) / kStep);
}

TEST_F(AuditBytes, AnyFlippedByteOfTheEndIsNoticed) {
  EXPECT_GT(FlipAll("audit_head"), static_cast<int>(kHashHexBytes) / kStep / 2);
}

}  // namespace
}  // namespace grant
