// The outbox: what happened that people are to be told, and each message on its way to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "grantd/domain/principal.h"
#include "grantd/domain/time.h"

namespace grant {

// Written in the transaction that changes the request.
struct Notification {
  std::string id;     // "ntf_<ULID>", by which a receiver knows a repetition
  std::string event;  // as the audit names it
  std::string request_id;
  std::optional<uint32_t> step;  // from 0: for its approvers. Without one: for the requester
  Principal actor;
  Time at;
  bool operator==(const Notification&) const = default;
};

// One message for one receiver. Notification, channel and recipient name it.
struct Delivery {
  std::string notification_id;
  std::string channel;    // "webhook", "smtp"
  std::string recipient;  // a principal; empty where the channel has one receiver for everybody
  std::string address;    // where the recipient is reached; empty as above
  uint32_t attempts = 0;  // that failed
  Time queued_at;
  Time due_at;  // of the next attempt
  bool operator==(const Delivery&) const = default;
};

// What is remembered of a channel.
struct ChannelRecord {
  std::string channel;
  std::optional<Time> last_success_at;
  std::optional<Time> last_error_at;
  std::string last_error;
  bool operator==(const ChannelRecord&) const = default;
};

}  // namespace grant
