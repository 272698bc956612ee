#include "grantd/store/audit_chain.h"

#include <fmt/format.h>

#include <limits>
#include <string_view>
#include <utility>

#include "grant/bytes.h"
#include "grantd/domain/sha256.h"

namespace grant {
namespace {

constexpr size_t kPageEntries = 500;
// What the hash is of, so that it can be mistaken for no other.
constexpr std::string_view kDomain = "grantd audit entry 1";

void AppendNumber(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

// The length before the text keeps "ab" + "c" apart from "a" + "bc".
void AppendText(std::string& out, std::string_view text) {
  AppendNumber(out, text.size());
  out += text;
}

std::string Canonical(int64_t number, const AuditEvent& event, const std::string& previous_hash) {
  std::string out;
  AppendText(out, kDomain);
  AppendNumber(out, static_cast<uint64_t>(number));
  AppendNumber(out, static_cast<uint64_t>(ToMillis(event.at)));
  AppendText(out, event.event);
  AppendText(out, event.actor.text());
  AppendText(out, event.subject);
  AppendText(out, event.signer);
  AppendText(out, event.detail);
  AppendText(out, previous_hash);
  return out;
}

// Follows the chain entry by entry and keeps the first fault.
class Verifier {
 public:
  void Take(const AuditEntry& entry) {
    const int64_t expected = report_.entries + 1;
    if (entry.number < expected) {
      Fault(fmt::format("entry {} does not belong to the audit", entry.number));
    } else if (entry.number > expected) {
      Fault(fmt::format("entry {} is missing", expected));
    } else if (entry.hash != EntryHash(entry.number, entry.event, entry.previous_hash)) {
      Fault(fmt::format("entry {} was changed", entry.number));
    } else if (entry.previous_hash != report_.last_hash) {
      Fault(fmt::format("entry {} does not follow the entry before it", entry.number));
    } else {
      report_.entries = entry.number;
      report_.last_hash = entry.hash;
    }
  }

  void Fault(std::string fault) {
    if (!report_.fault) report_.fault = std::move(fault);
  }

  void Unreadable() { Fault(fmt::format("entry {} was changed: it cannot be read", expected())); }

  void End(const AuditHead& head) {
    if (head.number > report_.entries) {
      Fault(fmt::format("entry {} is missing", expected()));
    } else if (head.number < report_.entries) {
      Fault(fmt::format("entry {} was added by somebody else than grantd", head.number + 1));
    } else if (head.hash != report_.last_hash) {
      Fault(fmt::format("entry {} is not the one that grantd wrote last", head.number));
    }
  }

  int64_t expected() const { return report_.entries + 1; }
  bool faulty() const { return report_.fault.has_value(); }
  const ChainReport& report() const { return report_; }

 private:
  ChainReport report_{0, ChainStart(), std::nullopt};
};

// Whether a failure lies in what is stored, rather than in reading it.
bool IsDamage(const Error& error) {
  return error.code == Code::kInternal;
}

// Takes the entries from `first` on, at most `limit`; returns how many there were.
Result<size_t> TakePage(Tables& tables, int64_t first, size_t limit, Verifier& verifier) {
  GRANT_TRY(const std::vector<AuditEntry> page, tables.AuditFrom(first, limit));
  for (const AuditEntry& entry : page) {
    verifier.Take(entry);
    if (verifier.faulty()) break;
  }
  return page.size();
}

}  // namespace

std::string ChainStart() {
  return std::string(kHashHexBytes, '0');
}

std::string EntryHash(int64_t number, const AuditEvent& event, const std::string& previous_hash) {
  const std::string canonical = Canonical(number, event, previous_hash);
  return Hex(Sha256(AsBytes(canonical)));
}

Result<ChainReport> VerifyChain(Tables& tables) {
  Verifier verifier;
  size_t limit = kPageEntries;
  // Entries numbered below 1 are nobody's, but an intruder's.
  int64_t first = std::numeric_limits<int64_t>::min();
  while (!verifier.faulty()) {
    const Result<size_t> taken = TakePage(tables, first, limit, verifier);
    if (!taken && !IsDamage(taken.error())) return tl::make_unexpected(taken.error());
    if (!taken && limit == 1) {
      verifier.Unreadable();
    } else if (!taken) {
      // One by one from here: the first entry that cannot be read is to be named.
      limit = 1;
    } else if (*taken == 0) {
      break;
    } else {
      first = verifier.expected();
    }
  }
  const Result<AuditHead> head = tables.LastAudit();
  if (!head && !IsDamage(head.error())) return tl::make_unexpected(head.error());
  if (head) {
    verifier.End(*head);
  } else {
    verifier.Fault(head.error().message);
  }
  return verifier.report();
}

Result<std::optional<std::string>> FaultAgainstMark(Tables& tables, const AuditHead& mark) {
  GRANT_TRY(const AuditHead head, tables.LastAudit());
  std::string hash = ChainStart();
  if (head.number >= mark.number && mark.number > 0) {
    GRANT_TRY(const auto entries, tables.AuditFrom(mark.number, 1));
    const bool there = !entries.empty() && entries.front().number == mark.number;
    hash = there ? entries.front().hash : "";
  }
  if (head.number < mark.number) {
    return fmt::format(
        "the audit ends with entry {}, but grantd had come to entry {}: the database is an older "
        "copy",
        head.number, mark.number);
  }
  if (hash == mark.hash) return std::nullopt;
  return fmt::format(
      "entry {} of the audit is not the one that grantd wrote: the database is another copy",
      mark.number);
}

}  // namespace grant
