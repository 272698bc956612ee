// A way in which people are told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "grantd/notify/occasion.h"

namespace grant {

enum class SendOutcome {
  kDelivered,
  kFailed,   // the receiver cannot be reached or cannot serve: nothing else would get through now
  kRefused,  // the receiver does not take this one message, and never will
  kAborted,  // grantd is stopping; it is not known what came of it
};

struct SendResult {
  SendOutcome outcome = SendOutcome::kDelivered;
  std::string error;  // for people; printable ASCII without secrets
};

// For one thread at a time, except name() and receiver().
class Channel {
 public:
  virtual ~Channel() = default;

  virtual const std::string& name() const = 0;      // as in grantd.toml
  virtual const std::string& receiver() const = 0;  // "https://hooks.example.com"

  // Whether what the channel needs, such as its secret, is there.
  virtual Status Check() const = 0;
  // The messages that the occasion gives: recipient and address of each.
  virtual std::vector<Delivery> DeliveriesFor(const Occasion& occasion) const = 0;
  virtual SendResult Send(const Occasion& occasion, const Delivery& delivery, Time now) = 0;
};

// For `grantctl doctor`.
struct ChannelState {
  std::string receiver;
  ChannelRecord record;
  int64_t waiting = 0;
  std::optional<Time> waiting_since = {};  // the oldest of them

  // Whether the last attempt failed.
  bool failing() const {
    return record.last_error_at &&
           (!record.last_success_at || *record.last_success_at < *record.last_error_at);
  }
};

}  // namespace grant
