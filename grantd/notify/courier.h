// Takes what is in the outbox to its receivers, step by step and without a thread or a clock of its
// own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grantd/notify/channel.h"
#include "grantd/notify/settings.h"
#include "grantd/store/store.h"

namespace grant {

struct CourierOptions {
  RetrySettings retry;
  Lookups lookups;
  std::function<Time()> now;
  std::function<double()> jitter;          // from 0 to 1
  Principal self;                          // the actor in the audit
  int64_t waiting_max = 10'000;            // messages; the oldest are dropped
  Duration keep = std::chrono::hours(24);  // what was delivered
};

// States() may be called from any thread, the rest from one. The store outlives it.
class Courier {
 public:
  Courier(Store& store, std::vector<std::unique_ptr<Channel>> channels, CourierOptions options);

  // Comes first: gives up what waits for channels that are no longer there.
  Status Begin();
  // Prepares what is new, and makes at most one attempt on each channel. Returns when there is
  // something to do again, unless something new comes before; that may be now.
  Time Round();

  Result<std::vector<ChannelState>> States() const;

 private:
  struct Line {
    std::unique_ptr<Channel> channel;
    bool failing = false;
    Time held_until;  // so that a dead receiver does not keep the others waiting for its timeouts
    ChannelRecord record;
  };

  Result<Time> Advance();
  Result<bool> Prepare();  // whether there may be more
  Status PrepareOne(const Notification& notification, const Occasion& occasion);
  // Lets one wait that cannot be prepared, so that it does not keep the others; in the end it is
  // given up.
  Status SetAside(const Notification& notification, const Error& error);
  Status Tidy();
  Result<Time> Serve(Line& line);
  // Takes it out of the outbox where it would only ask for what is done already.
  Result<bool> DropIfLate(const Line& line, const Occasion& occasion, const Delivery& delivery);
  Status Succeed(Line& line, const Delivery& delivery);
  // It is tried again later, or given up: where its time is over, and where it was refused.
  Status Fail(Line& line, Delivery delivery, const SendResult& attempt);
  // Gives up what has waited for too long on the channel, some of it at a time.
  Status GiveUpOverdue(Tables& tables, const std::string& channel, Time at,
                       const SendResult& attempt) const;
  // What it is about cannot be read now; that is no fault of the receiver.
  Status Postpone(Delivery delivery, const Error& error);
  void TellOfFailure(Line& line, const Delivery& delivery, const SendResult& attempt,
                     bool given_up);
  Status Record(std::function<Status(Tables&)> outcome);
  Status RecordUnrecorded();
  Status DropBeyondBound(Tables& tables, std::vector<Delivery>& dropped) const;
  // Part of a transaction: takes it out of the outbox and says so in the audit.
  Status GiveUp(Tables& tables, const Delivery& delivery, const std::string& reason) const;

  Store& store_;
  std::vector<Line> lines_;
  const CourierOptions options_;
  // What came of the last attempt, while the store does not take it: until it does, no further
  // attempt is made, or people would be told the same thing again and again.
  std::function<Status(Tables&)> unrecorded_;
  Time tidied_at_;
  std::map<std::string, Time> set_aside_;  // notifications that cannot be prepared before then
};

}  // namespace grant
