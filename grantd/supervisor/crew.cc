#include "grantd/supervisor/crew.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "grantd/supervisor/exchange.h"
#include "grantd/supervisor/turns.h"

namespace grant {
namespace {

using Clock = std::chrono::steady_clock;

// A call waits so long for a worker that is about to start, and for none that will start later.
constexpr std::chrono::seconds kComingWaitMax{2};
// Once one worker is ready, so long for the others: SoftHSM writes a token's files anew at each
// login, and who looks at them at that moment finds no token.
constexpr std::chrono::seconds kOthersWaitMax{2};
// A worker that served for so long starts afresh with its pauses.
constexpr std::chrono::minutes kSteadyAfter{1};
// For a worker's own end; then it is killed.
constexpr int kReleaseWaitMs = 2000;

// Which of the two is readable; waits at most `timeout_ms` (-1: for ever).
std::array<bool, 2> WaitFor(int one, int other, int timeout_ms) {
  std::array<pollfd, 2> waits{pollfd{one, POLLIN, 0}, pollfd{other, POLLIN, 0}};
  while (poll(waits.data(), waits.size(), timeout_ms) < 0 && errno == EINTR) {
  }
  return {waits[0].revents != 0, waits[1].revents != 0};
}

}  // namespace

WorkerLease::WorkerLease(WorkerLease&& other) noexcept
    : crew_(std::exchange(other.crew_, nullptr)),
      place_(other.place_),
      process_(std::move(other.process_)),
      channel_(std::move(other.channel_)),
      fate_(other.fate_) {}

WorkerLease::~WorkerLease() {
  if (crew_ != nullptr) crew_->Return(*this);
}

Crew::Crew(const TokenSettings& settings, std::string executable, BackoffLimits restarts,
           TokenPinDesk& pins)
    : settings_(settings),
      executable_(std::move(executable)),
      restarts_(restarts),
      pins_(pins),
      stop_event_(eventfd(0, EFD_CLOEXEC)),
      places_(settings.workers) {}

Crew::~Crew() {
  Stop();
}

Status Crew::Start(std::optional<Error> closed_for) {
  if (access(executable_.c_str(), X_OK) != 0) {
    return Fail(Code::kInvalid, "there is no program " + executable_ + " to run PKCS#11 modules in",
                "install it there, or name it by hsm_worker in grantd.toml");
  }
  if (!stop_event_.open()) return Fail(Code::kUnavailable, "cannot make an event descriptor");
  const bool closed = closed_for.has_value();
  closed_for_ = std::move(closed_for);
  for (Place& place : places_) place.coming = !closed;
  for (size_t i = 0; i < places_.size(); ++i) {
    places_[i].keeper = std::thread([this, i] { Keep(i); });
  }
  if (closed) return {};
  Status opened = AwaitOpened();
  if (!opened) Stop();
  return opened;
}

Status Crew::AwaitOpened() {
  std::optional<Error> fault;
  {
    Lock lock(mutex_);
    changed_.wait(lock, [this] {
      return last_failure_ || closed_for_ ||
             std::ranges::any_of(places_, [](const Place& place) { return place.ready; });
    });
    changed_.wait_for(lock, kOthersWaitMax, [this] {
      return last_failure_ || closed_for_ ||
             std::ranges::all_of(places_, [](const Place& place) { return place.ready; });
    });
    if (fault_) fault = last_failure_;
  }
  if (const auto refused = pins_.refused()) fault = refused->error;
  if (fault) return tl::make_unexpected(*std::move(fault));
  return {};
}

void Crew::Close(Error why) {
  Lock lock(mutex_);
  closed_for_ = std::move(why);
  for (Place& place : places_) {
    place.ready = false;
    place.coming = false;
    if (place.process) place.process->Kill();
  }
  changed_.notify_all();
  changed_.wait(lock, [this] {
    return std::ranges::none_of(places_, [](const Place& place) { return place.active; });
  });
}

void Crew::Open() {
  const Lock lock(mutex_);
  if (!closed_for_) return;
  closed_for_.reset();
  last_failure_.reset();
  fault_ = false;
  for (Place& place : places_) place.coming = true;
  changed_.notify_all();
}

// Whoever tried a refused PIN again could only lock the token.
void Crew::CloseIfRefused() {
  auto refused = pins_.refused();
  if (!refused) return;
  spdlog::error("token {}: {}; hint: {}", settings_.name, refused->error.message,
                refused->error.hint);
  const Lock lock(mutex_);
  if (!closed_for_) closed_for_ = std::move(refused->error);
  for (Place& place : places_) place.coming = false;
  changed_.notify_all();
}

void Crew::Stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    // One that is still starting would answer nobody.
    for (Place& place : places_) {
      if (place.process && !place.ready) place.process->Kill();
    }
  }
  Turns::OfThisProcess().Wake();
  const uint64_t one = 1;
  static_cast<void>(!write(stop_event_.get(), &one, sizeof one));
  for (Place& place : places_) {
    if (place.keeper.joinable()) place.keeper.join();
  }
}

// Waits until a worker is wanted, and for its turn to start. False once the crew ends.
bool Crew::AwaitTurn(Place& place) {
  while (true) {
    {
      Lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !closed_for_; });
    }
    if (!Turns::OfThisProcess().Take(settings_.module, stopping_)) return false;
    {
      const Lock lock(mutex_);
      place.active = !closed_for_;
    }
    if (place.active) return true;
    Turns::OfThisProcess().Give(settings_.module);
  }
}

// The life of one worker after the other, in one place.
void Crew::Keep(size_t index) {
  Place& place = places_[index];
  Backoff backoff(restarts_, std::random_device()());
  while (AwaitTurn(place)) {
    const auto started_at = Clock::now();
    bool fault = false;
    const Status started = StartOne(place, fault);
    if (!started) CloseIfRefused();
    Turns::OfThisProcess().Give(settings_.module);
    if (started) spdlog::info("token {}: worker {} is logged in", settings_.name, index);
    const std::string ended = Watch(place);
    if (stopping_) break;
    if (Rest(place)) {
      backoff.Reset();
      continue;
    }
    if (Clock::now() - started_at > kSteadyAfter) backoff.Reset();
    NoteFailure(started ? Error{Code::kUnavailable, "its worker " + ended, {}} : started.error(),
                fault);
    const auto pause = backoff.Next();
    spdlog::warn("token {}: worker {} {}; the next one starts in {} ms", settings_.name, index,
                 started ? ended : "did not start: " + started.error().message, pause.count());
    // Calls wait for a worker that ended, but not for what has never started.
    if (!Pause(place, pause, started && pause < kComingWaitMax)) break;
  }
  const Lock lock(mutex_);
  place.coming = false;
  place.active = false;
  changed_.notify_all();
}

Status Crew::StartOne(Place& place, bool& fault) {
  GRANT_TRY(const auto process, WorkerProcess::Spawn(executable_, settings_.worker_seccomp));
  {
    const Lock lock(mutex_);
    place.process = process;
    place.running = 0;
    if (stopping_ || closed_for_) process->Kill();
  }
  auto channel = process->NewChannel(settings_.call_timeout);
  Status opened = channel ? OpenToken(*channel, fault) : tl::make_unexpected(channel.error());
  if (!opened) {
    process->Kill();
    return opened;
  }
  const Lock lock(mutex_);
  place.idle.push_back(*std::move(channel));
  place.ready = true;
  place.coming = true;
  last_failure_.reset();
  changed_.notify_all();
  return opened;
}

Status Crew::OpenToken(worker::Channel& channel, bool& fault) {
  const worker::Open open{worker::kVersion, settings_.name, settings_.module, settings_.uri,
                          settings_.accept_any_pin};
  const auto answer = Exchange(channel, open.kType, Encode(open), worker::kShortBytesMax, pins_);
  worker::Trouble trouble = worker::Trouble::kMalformed;
  if (!answer) {
    trouble = answer.error().trouble;
  } else if (answer->type == worker::MessageType::kOpened &&
             worker::Decode<worker::Opened>(answer->body)) {
    return {};
  } else if (answer->type == worker::MessageType::kFailed) {
    if (const auto failed = worker::Decode<worker::Failed>(answer->body)) {
      fault = failed->fault;
      return tl::make_unexpected(ToFailure(*failed).error);
    }
  }
  return Fail(Code::kUnavailable, Describe(trouble, settings_.call_timeout));
}

// Until the process has ended, or is ended because the crew is.
std::string Crew::Watch(Place& place) {
  std::shared_ptr<WorkerProcess> process;
  {
    const Lock lock(mutex_);
    process = place.process;
  }
  if (!process) return "was not started";
  const bool ended = WaitFor(process->pidfd(), stop_event_.get(), -1)[0];
  {
    const Lock lock(mutex_);
    place.process.reset();
    place.ready = false;
    place.idle.clear();
    changed_.notify_all();
  }
  if (!ended) process->Release();
  if (!ended && !WaitFor(process->pidfd(), -1, kReleaseWaitMs)[0]) process->Kill();
  return process->Wait();
}

// Whether the place is to stay empty.
bool Crew::Rest(Place& place) {
  const Lock lock(mutex_);
  if (!closed_for_) return false;
  place.active = false;
  changed_.notify_all();
  return true;
}

bool Crew::Pause(Place& place, std::chrono::milliseconds pause, bool coming) {
  Lock lock(mutex_);
  place.coming = coming && !closed_for_;
  place.active = false;
  changed_.notify_all();
  changed_.wait_for(lock, pause, [this] { return stopping_ || closed_for_; });
  return !stopping_;
}

void Crew::NoteFailure(Error error, bool fault) {
  const Lock lock(mutex_);
  last_failure_ = std::move(error);
  fault_ = fault;
  changed_.notify_all();
}

size_t Crew::Ready() {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(places_, [](const Place& place) { return place.ready; }));
}

Crew::Place* Crew::LeastBusy() {
  Place* best = nullptr;
  for (Place& place : places_) {
    if (!place.ready || place.running >= kChannelsMax) continue;
    if (best == nullptr || place.running < best->running) best = &place;
  }
  return best;
}

std::optional<WorkerLease> Crew::Lend(Place& place) {
  const auto index = static_cast<size_t>(&place - places_.data());
  if (place.idle.empty()) {
    auto channel = place.process->NewChannel(settings_.call_timeout);
    if (!channel) {
      place.ready = false;
      place.process->Kill();
      return std::nullopt;
    }
    place.idle.push_back(*std::move(channel));
  }
  // The one last used: its thread and its memory are still warm.
  WorkerLease lease(*this, index, place.process, std::move(place.idle.back()));
  place.idle.pop_back();
  ++place.running;
  return lease;
}

SessionResult<WorkerLease> Crew::Borrow(const char* function) {
  const auto start = Clock::now();
  Lock lock(mutex_);
  while (true) {
    if (Place* const place = LeastBusy()) {
      if (auto lease = Lend(*place)) return *std::move(lease);
      continue;
    }
    const auto any = [this](bool Place::*what) {
      return std::ranges::any_of(places_, [what](const Place& place) { return place.*what; });
    };
    const bool busy = any(&Place::ready);
    if (!busy && !any(&Place::coming)) return tl::make_unexpected(Absent(function));
    const auto deadline =
        start + (busy ? Clock::duration(settings_.call_timeout) : Clock::duration(kComingWaitMax));
    if (changed_.wait_until(lock, deadline) == std::cv_status::no_timeout) continue;
    if (!busy) return tl::make_unexpected(Absent(function));
    SessionFailure failure = MakeSessionFailure(function, CKR_SESSION_COUNT);
    failure.failure.reason = "every worker of the token is busy";
    return tl::make_unexpected(std::move(failure));
  }
}

SessionFailure Crew::Absent(const char* function) {
  if (auto refused = pins_.refused()) return *std::move(refused);
  SessionFailure failure = MakeSessionFailure(function, CKR_TOKEN_NOT_PRESENT);
  if (closed_for_) {
    failure.failure.reason = closed_for_->message;
    failure.error = *closed_for_;
    return failure;
  }
  failure.failure.reason = fmt::format("token '{}' is absent: {}", settings_.name,
                                       last_failure_ ? last_failure_->message : "it is starting");
  failure.error = {Code::kUnavailable, failure.failure.reason,
                   last_failure_ ? last_failure_->hint : ""};
  return failure;
}

void Crew::Return(WorkerLease& lease) {
  const Lock lock(mutex_);
  Place& place = places_[lease.place_];
  if (lease.fate_ == WorkerLease::Fate::kBroken) lease.process_->Kill();
  if (place.process != lease.process_) return;
  --place.running;
  if (lease.fate_ == WorkerLease::Fate::kGood) {
    if (place.ready) place.idle.push_back(std::move(lease.channel_));
  } else {
    place.ready = false;
  }
  if (!place.ready && place.running == 0) place.process->Kill();
  changed_.notify_all();
}

}  // namespace grant
