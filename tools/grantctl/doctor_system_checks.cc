// What grantd says of its files, disks, workers and database.
#include <fmt/format.h>

#include <optional>

#include "tools/grantctl/doctor_checks.h"

namespace grant::ctl {
namespace {

// Below this, or this part of the disk, it is time to make room.
constexpr int64_t kFreeBytesLeast = int64_t{256} * 1024 * 1024;
constexpr int64_t kFreePartLeast = 20;
// Commits move the log into the database long before.
constexpr int64_t kLogBytesMost = int64_t{256} * 1024 * 1024;
constexpr std::chrono::hours kBackupAgeMost{24 * 7};

std::string Size(int64_t bytes) {
  constexpr int64_t kMega = int64_t{1024} * 1024;
  if (bytes >= 10 * 1024 * kMega) return fmt::format("{} GiB", bytes / (1024 * kMega));
  return bytes >= kMega ? fmt::format("{} MiB", bytes / kMega) : fmt::format("{} bytes", bytes);
}

Finding CheckDisk(const Json& disk) {
  const std::string path = Text(disk, "path");
  const std::string name = "disk" + path;
  if (const std::string fault = Text(disk, "fault"); !fault.empty()) {
    return {name, Health::kWrong,
            fmt::format("nothing can be said of the disk of {}: {}", path, fault),
            "see that the directory is there for grantd's user"};
  }
  const int64_t free = Number(disk, "bytes_free");
  const int64_t inodes = Number(disk, "inodes");
  const int64_t inodes_free = Number(disk, "inodes_free");
  const std::string sentence =
      fmt::format("{} has {} free of {}{}", path, Size(free), Size(Number(disk, "bytes")),
                  inodes > 0 ? fmt::format(", and {} free inodes", inodes_free) : "");
  if (free == 0 || (inodes > 0 && inodes_free == 0)) {
    return {name, Health::kWrong, sentence + ", so nothing can be recorded and nothing is signed",
            "make room there; signing goes on by itself"};
  }
  const bool scarce = free < kFreeBytesLeast || free < Number(disk, "bytes") / kFreePartLeast ||
                      inodes_free < inodes / kFreePartLeast;
  if (!scarce) return {name, Health::kOk, sentence, {}};
  return {name, Health::kWarning, sentence + ", which is little",
          "make room there: grantd signs nothing that it cannot record"};
}

Finding CheckPin(const std::string& name, const Json& pin) {
  const std::string hint = "grantctl unseal --token " + name;
  if (!Flag(pin, "waiting")) {
    return {"token/" + name, Health::kWrong,
            "token " + name + " refused its PIN, which is not tried again",
            "correct the PIN, then restart grantd; wrong PINs lock a token"};
  }
  const std::string rest = " for its PIN to be typed in, so nothing can be signed with its keys";
  if (Flag(pin, "refused")) {
    return {"token/" + name, Health::kWrong,
            "token " + name + " refused the last PIN, and waits" + rest,
            "be sure of the PIN, and then: " + hint + " --after-wrong-pin"};
  }
  return {"token/" + name, Health::kWrong, "token " + name + " waits" + rest, hint};
}

// Why a token is closed on purpose, or for want of its PIN; nothing where neither is known.
std::optional<Finding> CheckClosed(const std::string& name, const Json& seal) {
  if (Flag(seal, "sealed")) {
    return Finding{"token/" + name, Health::kWrong,
                   "token " + name + " is closed, because grantd is sealed", "grantctl unseal"};
  }
  for (const Json& pin : List(seal, "tokens")) {
    if (Text(pin, "name") == name && (Flag(pin, "waiting") || Flag(pin, "refused"))) {
      return CheckPin(name, pin);
    }
  }
  return std::nullopt;
}

Finding CheckToken(const Json& token, const Json& seal) {
  const std::string name = Text(token, "name");
  if (auto closed = CheckClosed(name, seal)) return *std::move(closed);
  if (!Flag(token, "present")) {
    return {"token/" + name, Health::kWrong,
            "token " + name + " is absent, so nothing can be signed with its keys",
            "see grantd's log, and [[token]] in grantd.toml"};
  }
  if (!token.contains("workers")) {
    return {"token/" + name, Health::kOk, "token " + name + " is present", {}};
  }
  const int64_t up = Number(token, "workers_up");
  const int64_t all = Number(token, "workers");
  std::string sentence =
      fmt::format("token {} is present and logged in, with {} of {} workers", name, up, all);
  if (up >= all) return {"token/" + name, Health::kOk, std::move(sentence), {}};
  return {"token/" + name, Health::kWarning, std::move(sentence),
          "grantd's log says why a worker ended; it is started again by itself"};
}

}  // namespace

Findings CheckConfiguration(const Json& report, Instant /*now*/) {
  const Json& configuration = Object(report, "configuration");
  if (configuration.empty()) return {};
  const std::string file = Text(configuration, "file");
  if (const Json& fault = Object(configuration, "fault"); !fault.empty()) {
    return {{"configuration", Health::kWrong,
             "grantd would not start again: " + Text(fault, "detail"), Text(fault, "hint")}};
  }
  if (Flag(configuration, "changed")) {
    return {{"configuration", Health::kWarning,
             file + " was changed after grantd read it, and what it says is not in force yet",
             "restart grantd"}};
  }
  return {{"configuration", Health::kOk, file + " is what grantd runs with", {}}};
}

Findings CheckSeal(const Json& report, Instant now) {
  const Json& seal = Object(report, "seal");
  if (seal.empty()) return {};
  if (!Flag(seal, "sealed")) return {{"seal", Health::kOk, "grantd is not sealed", {}}};
  return {{"seal", Health::kWrong,
           fmt::format("nothing is signed: {} sealed grantd {}: {}", Text(seal, "sealed_by"),
                       Relative(Text(seal, "sealed_at"), now), Text(seal, "reason")),
           "once that is settled, an administrator lifts the seal: grantctl unseal"}};
}

Findings CheckTokens(const Json& report, Instant /*now*/) {
  Findings findings;
  for (const Json& token : List(report, "tokens")) {
    findings.push_back(CheckToken(token, Object(report, "seal")));
    if (!token.contains("pin_fault")) continue;
    const std::string name = "pin/" + Text(token, "name");
    if (const Json& fault = Object(token, "pin_fault"); !fault.empty()) {
      findings.push_back({name, Health::kWrong, Text(fault, "detail"), Text(fault, "hint")});
    } else if (const std::string file = Text(token, "pin_file"); !file.empty()) {
      findings.push_back({name, Health::kOk, file + " is for grantd's eyes alone", {}});
    }
  }
  return findings;
}

Findings CheckDisks(const Json& report, Instant /*now*/) {
  if (!report.contains("disks")) return {};
  Findings findings;
  for (const Json& disk : List(report, "disks")) findings.push_back(CheckDisk(disk));
  return findings;
}

Findings CheckDatabase(const Json& report, Instant /*now*/) {
  const Json& database = Object(report, "database");
  if (database.empty()) return {};
  Findings findings;
  const int64_t log = Number(database, "log_bytes");
  const std::string sizes = fmt::format("the database has {}, its write-ahead log {}",
                                        Size(Number(database, "bytes")), Size(log));
  if (log <= kLogBytesMost) {
    findings.push_back({"database", Health::kOk, sizes, {}});
  } else {
    findings.push_back({"database", Health::kWarning, sizes + ", which is much",
                        "somebody reads the database for very long: see who has it open"});
  }
  const std::string mark = Text(database, "mark_file");
  if (Flag(database, "mark_readable")) {
    findings.push_back({"mark", Health::kOk, "the mark is in " + mark, {}});
  } else {
    findings.push_back({"mark", Health::kWrong, "the mark is not in " + mark,
                        "a removed mark makes the next start an alarm: see 'An older copy' in "
                        "docs/reliability.md"});
  }
  return findings;
}

Findings CheckBackups(const Json& report, Instant now) {
  const Json& backups = Object(report, "backups");
  if (backups.empty()) return {};
  const std::string last = Text(backups, "last_at");
  const auto at = ParseInstant(last);
  if (!at) return {{"backup", Health::kWarning, "no backup was made yet", "grantctl backup"}};
  const std::string sentence = "the last backup was made " + Relative(last, now);
  if (now - *at <= kBackupAgeMost) return {{"backup", Health::kOk, sentence, {}}};
  return {{"backup", Health::kWarning, sentence, "grantctl backup, from a timer for instance"}};
}

}  // namespace grant::ctl
