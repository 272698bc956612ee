#include "grantd/guard/guard.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/log/log.h"
#include "grantd/store/audit_chain.h"
#include "grantd/store/newest_entry.h"

namespace grant {
namespace {

constexpr std::chrono::seconds kSyncInterval{1};

constexpr char kRestoredHint[] =
    "an administrator finds out what was signed and decided since that copy, sees that the rules "
    "are the right ones, and then: grantctl audit acknowledge --reason '...'; it revokes all "
    "grants and cancels all requests that were not ended";
constexpr char kClockHint[] =
    "set the clock right; if it is right now: grantctl audit acknowledge --reason '...'";

const Principal& Self() {
  static const Principal& self = *new Principal(Principal::Parse("grantd:self").value());
  return self;
}

nlohmann::json MarkJson(const std::optional<Mark>& mark) {
  if (!mark) return nullptr;
  return {{"entry", mark->head.number}, {"hash", mark->head.hash}, {"at", ToMillis(mark->at)}};
}

bool Acknowledges(const AuditEntry& entry, const Mark& mark) {
  const auto detail = nlohmann::json::parse(entry.event.detail, nullptr, false);
  return detail.is_object() && detail.value("mark", nlohmann::json()) == MarkJson(mark);
}

bool IsNewer(const std::optional<AuditEntry>& entry, const std::optional<AuditEntry>& other) {
  return entry && (!other || entry->number > other->number);
}

std::string RestoredFault(const AuditEntry& restored, const std::optional<Mark>& mark) {
  // Before its own entry, the backup's end.
  const int64_t kept = restored.number - 1;
  std::string fault =
      fmt::format("{} restored a backup that ends with entry {} of the audit, at {}",
                  restored.event.actor.text(), kept, FormatTime(restored.event.at));
  if (mark && mark->head.number > kept) {
    fault += fmt::format("; grantd had come to entry {}, so {} entries are lost", mark->head.number,
                         mark->head.number - kept);
  }
  return fault;
}

std::string Text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool Has(const std::vector<Refusal>& alarms, Cause cause) {
  return std::any_of(alarms.begin(), alarms.end(),
                     [cause](const Refusal& alarm) { return alarm.cause == cause; });
}

}  // namespace

struct Guard::Position {
  AuditHead head;
  std::optional<std::string> fault;  // against the mark
  std::optional<Time> believed_at;   // the latest time that the audit vouches for
  // The mark was acknowledged, and grantd ended before it was set anew.
  bool acknowledged = false;
};

// A signature is spent only while the clock is believed, and after an acknowledgement it is. So the
// newest of these entries tells of such a time even where the mark is older.
Result<Guard::Position> Guard::Locate(Store& store, const std::optional<Mark>& mark) {
  Position position;
  GRANT_CHECK(store.Read([&](Tables& tables) -> Status {
    GRANT_TRY(position.head, tables.LastAudit());
    if (mark) {
      GRANT_TRY(position.fault, FaultAgainstMark(tables, mark->head));
    }
    GRANT_TRY(const auto spent, NewestEntry(tables, event::kSignatureSpent));
    GRANT_TRY(const auto acknowledged, NewestEntry(tables, event::kAuditAcknowledged));
    GRANT_TRY(const auto restored, NewestEntry(tables, event::kDatabaseRestored));
    const bool pending = IsNewer(restored, acknowledged);
    position.acknowledged = mark && acknowledged && !pending && Acknowledges(*acknowledged, *mark);
    if (pending) position.fault = RestoredFault(*restored, mark);
    const auto& newer = IsNewer(spent, acknowledged) ? spent : acknowledged;
    if (newer) position.believed_at = newer->event.at;
    return {};
  }));
  return position;
}

Status Guard::Begin(Store& store) {
  GRANT_TRY(std::shared_ptr<MarkFile> file, MarkFile::Open(mark_path_));
  const std::optional<Mark> mark = file ? file->mark() : std::nullopt;
  GRANT_TRY(Position position, Locate(store, mark));
  if (!mark && position.head.number == 0) {
    // The end of an empty audit needs no clock to be told.
    GRANT_TRY(file, MarkFile::Create(mark_path_, {position.head, Time()}));
  } else if (!mark && position.fault) {
    file = nullptr;
  } else if (!mark) {
    position.fault =
        fmt::format("{} {}, so it cannot be told whether the database is an older copy", mark_path_,
                    file ? "is damaged" : "is missing");
    file = nullptr;
  }
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  Adopt(position);
  return {};
}

void Guard::Adopt(const Position& position) {
  head_ = position.head;
  Time latest = position.believed_at.value_or(Time());
  if (file_ && !position.acknowledged) latest = std::max(latest, file_->mark()->at);
  clock_guard_ = ClockGuard(latest);
  if (!position.acknowledged) database_fault_ = position.fault;
  for (const Refusal& alarm : AlarmsLocked()) {
    spdlog::error("nothing is signed: {}; hint: {}", alarm.message, alarm.hint);
  }
  WriteMarkLocked();
}

void Guard::Committed(const AuditHead& head) {
  const std::lock_guard lock(mutex_);
  head_ = head;
  WriteMarkLocked();
}

// A database that is not believed must not move the mark: it would be believed after the next
// start.
void Guard::WriteMarkLocked() {
  if (database_fault_ || !file_) return;
  const Mark mark{head_, clock_guard_.latest()};
  if (mark == file_->mark() && !mark_failure_) return;
  // The time alone may reach the disk when the kernel sees fit.
  unsynced_ = unsynced_ || mark_failure_ || mark.head.number != file_->mark()->head.number;
  const Status written = file_->Write(mark);
  mark_failure_.reset();
  if (!written) mark_failure_ = written.error();
}

std::optional<Refusal> Guard::Alarm() {
  std::vector<Refusal> alarms = Alarms();
  if (alarms.empty()) return std::nullopt;
  return std::move(alarms.front());
}

std::vector<Refusal> Guard::Alarms() {
  const std::lock_guard lock(mutex_);
  return AlarmsLocked();
}

std::vector<Refusal> Guard::AlarmsLocked() {
  std::vector<Refusal> alarms;
  if (database_fault_) {
    alarms.push_back({Cause::kDatabaseRestored, *database_fault_, kRestoredHint, {}});
  }
  if (auto fault = clock_guard_.Judge(clock_())) {
    alarms.push_back({Cause::kClockWrong, *std::move(fault), kClockHint, {}});
  }
  if (mark_failure_) {
    alarms.push_back({Cause::kStoreFailing, mark_failure_->message, mark_failure_->hint, {}});
  }
  return alarms;
}

std::optional<AuditHead> Guard::mark() {
  const std::lock_guard lock(mutex_);
  if (!file_) return std::nullopt;
  return file_->mark()->head;
}

Status Guard::Acknowledge(Store& store, const Principal& by, const std::string& reason,
                          const OnRestored& on_restored) {
  std::vector<Refusal> alarms;
  std::optional<Mark> mark;
  {
    const std::lock_guard lock(mutex_);
    alarms = AlarmsLocked();
    if (file_) mark = file_->mark();
  }
  if (!Has(alarms, Cause::kDatabaseRestored) && !Has(alarms, Cause::kClockWrong)) {
    return Fail(Code::kConflict, "there is nothing to acknowledge", "grantctl doctor");
  }
  nlohmann::json messages = nlohmann::json::array();
  for (const Refusal& alarm : alarms) messages.push_back(alarm.message);
  GRANT_CHECK(store.Write([&](Tables& tables) -> Status {
    GRANT_TRY(const AuditHead head, tables.LastAudit());
    const Time at = clock_().time();
    if (on_restored && Has(alarms, Cause::kDatabaseRestored)) GRANT_CHECK(on_restored(tables, at));
    const nlohmann::json detail = {{"reason", reason},
                                   {"alarms", messages},
                                   {"mark", MarkJson(mark)},
                                   {"audit", {{"entry", head.number}, {"hash", head.hash}}}};
    GRANT_CHECK(
        tables.AppendAudit({at, std::string(event::kAuditAcknowledged), by, "", "", Text(detail)}));
    return {};
  }));
  SetMarkAnew(Has(alarms, Cause::kClockWrong));
  return Sync();
}

void Guard::SetMarkAnew(bool believe_clock) {
  const std::lock_guard lock(mutex_);
  if (believe_clock) clock_guard_.Believe(clock_());
  if (file_) {
    database_fault_.reset();
    return WriteMarkLocked();
  }
  auto made = MarkFile::Create(mark_path_, {head_, clock_guard_.latest()});
  mark_failure_.reset();
  if (made) {
    file_ = *std::move(made);
    database_fault_.reset();
  } else {
    mark_failure_ = made.error();
  }
}

Status Guard::Sync() {
  std::shared_ptr<MarkFile> file;
  {
    const std::lock_guard lock(mutex_);
    if (mark_failure_) return tl::make_unexpected(*mark_failure_);
    if (!unsynced_) return {};
    unsynced_ = false;
    file = file_;
  }
  // Not under the lock: signatures would wait for the disk.
  Status synced = file->Sync();
  if (synced) return {};
  const std::lock_guard lock(mutex_);
  unsynced_ = true;
  mark_failure_ = synced.error();
  return synced;
}

void Guard::Maintain(Store& store) {
  std::vector<Refusal> alarms;
  {
    const std::lock_guard lock(mutex_);
    alarms = AlarmsLocked();
    WriteMarkLocked();
  }
  if (const Status recorded = RecordChanges(store, alarms); !recorded) {
    spdlog::error("alarms cannot be recorded: {}", recorded.error().message);
  }
  const auto now = std::chrono::steady_clock::now();
  if (now < sync_at_) return;
  sync_at_ = now + kSyncInterval;
  if (const Status synced = Sync(); !synced) spdlog::error("{}", synced.error().message);
}

Status Guard::RecordChanges(Store& store, const std::vector<Refusal>& alarms) {
  std::vector<std::pair<std::string_view, const Refusal*>> changes;
  for (const Refusal& alarm : alarms) {
    if (!Has(recorded_, alarm.cause)) changes.emplace_back(event::kAlarmRaised, &alarm);
  }
  for (const Refusal& alarm : recorded_) {
    if (!Has(alarms, alarm.cause)) changes.emplace_back(event::kAlarmEnded, &alarm);
  }
  if (changes.empty()) return {};
  GRANT_CHECK(store.Write([&](Tables& tables) -> Status {
    for (const auto& [name, alarm] : changes) {
      const nlohmann::json detail = {{"alarm", CauseName(alarm->cause)},
                                     {"message", alarm->message}};
      GRANT_CHECK(
          tables.AppendAudit({clock_().time(), std::string(name), Self(), "", "", Text(detail)}));
    }
    return {};
  }));
  for (const auto& [name, alarm] : changes) {
    log::Event(log::Level::kWarning, name, fmt::format("{}: {}", name, alarm->message),
               {{"alarm", std::string(CauseName(alarm->cause))}});
  }
  recorded_ = alarms;
  return {};
}

}  // namespace grant
