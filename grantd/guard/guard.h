// Whether the database and the clock can be believed. Where they cannot, nothing is signed and no
// grant is issued, until they can be again or an administrator says so.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/refusal.h"
#include "grantd/guard/clock_guard.h"
#include "grantd/guard/mark_file.h"
#include "grantd/store/store.h"

namespace grant {

// The order of a start: the store is opened with Committed() as its observer, then Begin(), then
// everything else. Any thread may call these, where nothing else is said.
class Guard {
 public:
  Guard(std::string mark_path, std::function<ClockReading()> clock)
      : mark_path_(std::move(mark_path)), clock_(std::move(clock)) {}

  // Compares the database with the mark; once, before the first write. Makes the mark where the
  // audit is empty. An error says that mark or database cannot be read; what cannot be believed is
  // an alarm.
  Status Begin(Store& store);

  // A commit that left the audit with this end is durable. By the store's writer.
  void Committed(const AuditHead& head);

  // Why nothing may be signed and no grant issued now; the first of Alarms(). Cheap enough to be
  // asked for each signature.
  std::optional<Refusal> Alarm();
  // Everything that stands in the way: kDatabaseRestored, kClockWrong, kStoreFailing (the mark
  // cannot be written).
  std::vector<Refusal> Alarms();

  // Where the audit has been: it has to hold this entry in every later snapshot. Nothing where the
  // mark is lost.
  std::optional<AuditHead> mark();

  // Part of the transaction that goes on with a database whose counts may be of the past.
  using OnRestored = std::function<Status(Tables& tables, Time at)>;

  // `by` says that database and clock are right as they are. Recorded in the audit with what the
  // alarms say, the mark and the audit's end, and in one transaction with what `on_restored` does
  // where kDatabaseRestored is among them; then the mark is set anew. kConflict where there is
  // nothing to acknowledge.
  Status Acknowledge(Store& store, const Principal& by, const std::string& reason,
                     const OnRestored& on_restored);

  // To be called about twice a second, by one thread: brings the mark to the disk, tries again what
  // failed, and records in the audit and the log which alarms begin and end.
  void Maintain(Store& store);
  // Brings the mark to the disk, at the end.
  Status Sync();

 private:
  struct Position;  // what the database says of itself

  static Result<Position> Locate(Store& store, const std::optional<Mark>& mark);
  void Adopt(const Position& position);
  std::vector<Refusal> AlarmsLocked();
  void WriteMarkLocked();
  void SetMarkAnew(bool believe_clock);
  Status RecordChanges(Store& store, const std::vector<Refusal>& alarms);

  const std::string mark_path_;
  const std::function<ClockReading()> clock_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<MarkFile> file_;  // none where the mark is lost
  AuditHead head_;                  // of the last commit
  ClockGuard clock_guard_{Time()};
  std::optional<std::string> database_fault_;
  std::optional<Error> mark_failure_;
  bool unsynced_ = false;

  // Of the thread that maintains.
  std::vector<Refusal> recorded_;  // alarms that the audit tells of
  std::chrono::steady_clock::time_point sync_at_;
};

}  // namespace grant
