// The workers of one token: started, watched, restarted, and lent to one call each.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "grantd/hsm/pin_desk.h"
#include "grantd/hsm/token.h"
#include "grantd/supervisor/backoff.h"
#include "grantd/supervisor/worker_process.h"
#include "grantd/worker/channel.h"

namespace grant {

// How many calls run in one worker at the same time.
inline constexpr size_t kChannelsMax = 32;

class Crew;

// A channel of a worker, lent to one call.
class WorkerLease {
 public:
  WorkerLease(WorkerLease&& other) noexcept;
  WorkerLease(const WorkerLease&) = delete;
  WorkerLease& operator=(WorkerLease&&) = delete;
  WorkerLease& operator=(const WorkerLease&) = delete;
  ~WorkerLease();

  worker::Channel& channel() { return channel_; }
  // Nothing is left to be read of what was asked.
  void Keep() { fate_ = Fate::kGood; }
  // The worker is of no more use: it is ended at once, whatever else runs in it.
  void Break() { fate_ = Fate::kBroken; }
  // The worker has lost its token: it is ended after the calls that run in it, since some modules
  // find a token again only in a new process.
  void Retire() { fate_ = Fate::kRetired; }

 private:
  friend class Crew;
  enum class Fate { kGood, kRetired, kBroken };
  WorkerLease(Crew& crew, size_t place, std::shared_ptr<WorkerProcess> process,
              worker::Channel channel)
      : crew_(&crew), place_(place), process_(std::move(process)), channel_(std::move(channel)) {}

  Crew* crew_;
  size_t place_;
  std::shared_ptr<WorkerProcess> process_;
  worker::Channel channel_;
  Fate fate_ = Fate::kGood;
};

class Crew {
 public:
  // `pins` must outlive it.
  Crew(const TokenSettings& settings, std::string executable, BackoffLimits restarts,
       TokenPinDesk& pins);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  // Ends all workers. No lease may be left.
  ~Crew();

  // Starts the workers, and waits until the first one is ready or has failed. Fails where waiting
  // mends nothing: the module cannot be loaded, the URI is ambiguous, the PIN was refused. With a
  // reason to stay closed it starts none.
  Status Start(std::optional<Error> closed_for = {});

  // Ends all workers, whatever runs in them, and starts no more: calls fail with `why`. Returns
  // when none is left.
  void Close(Error why);
  // Starts workers again, and does not wait for them. Not while a Close() runs.
  void Open();
  // Waits and fails as Start() does; for no longer than until the next Close().
  Status AwaitOpened();

  // The worker that has the least to do; `function` is named where there is none. Waits while all
  // are busy, for at most the time that a call may take, and a moment for one that is starting.
  SessionResult<WorkerLease> Borrow(const char* function);

  // How many workers are ready. Any thread may call this.
  size_t Ready();

 private:
  friend class WorkerLease;
  using Lock = std::unique_lock<std::mutex>;

  // Of one worker. `process` changes with each start, and what follows is of this one.
  struct Place {
    std::thread keeper;
    std::shared_ptr<WorkerProcess> process;
    bool active = false;  // there is a process, or there will be in a moment
    bool ready = false;
    bool coming = true;  // likely to be ready in a moment
    size_t running = 0;
    std::vector<worker::Channel> idle;
  };

  void Keep(size_t index);
  bool AwaitTurn(Place& place);
  void CloseIfRefused();
  Status StartOne(Place& place, bool& fault);
  Status OpenToken(worker::Channel& channel, bool& fault);
  std::string Watch(Place& place);
  bool Rest(Place& place);
  bool Pause(Place& place, std::chrono::milliseconds pause, bool coming);
  void NoteFailure(Error error, bool fault);
  Place* LeastBusy();
  std::optional<WorkerLease> Lend(Place& place);
  SessionFailure Absent(const char* function);
  void Return(WorkerLease& lease);
  void Stop();

  const TokenSettings settings_;
  const std::string executable_;
  const BackoffLimits restarts_;
  TokenPinDesk& pins_;
  Descriptor stop_event_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Place> places_;
  std::optional<Error> last_failure_;
  bool fault_ = false;               // the last failure is one of the configuration
  std::optional<Error> closed_for_;  // why no worker is wanted
};

}  // namespace grant
