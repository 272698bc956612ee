#include "grantd/notify/courier.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "grantd/domain/audit.h"
#include "grantd/notify/retry.h"
#include "grantd/workflow/audit_detail.h"

namespace grant {
namespace {

constexpr size_t kPreparedAtOnceMax = 64;
constexpr Duration kIdleMax = std::chrono::minutes(1);
constexpr Duration kTidyInterval = std::chrono::minutes(10);
// How long before one that cannot be prepared, or read, is tried again.
constexpr Duration kSetAsideFor = std::chrono::minutes(1);
constexpr size_t kGivenUpAtOnceMax = 256;

std::string About(const Delivery& delivery) {
  return delivery.notification_id +
         (delivery.recipient.empty() ? std::string() : " to " + delivery.recipient);
}

}  // namespace

Courier::Courier(Store& store, std::vector<std::unique_ptr<Channel>> channels,
                 CourierOptions options)
    : store_(store), options_(std::move(options)) {
  for (auto& channel : channels) {
    Line line;
    line.record.channel = channel->name();
    line.channel = std::move(channel);
    lines_.push_back(std::move(line));
  }
}

Status Courier::Begin() {
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_TRY(const auto waiting, tables.WaitingByChannel());
    for (const auto& entry : waiting) {
      const std::string& name = entry.first;
      const bool here = std::any_of(lines_.begin(), lines_.end(),
                                    [&](const Line& line) { return line.channel->name() == name; });
      if (here) continue;
      spdlog::warn("notify {}: no longer configured; {} waiting messages are given up", name,
                   entry.second);
      while (true) {
        GRANT_TRY(const auto delivery, tables.NextDelivery(name));
        if (!delivery) break;
        GRANT_CHECK(GiveUp(tables, *delivery, "the channel is no longer configured"));
      }
    }
    return {};
  }));
  GRANT_TRY(const auto states, States());
  for (size_t i = 0; i < lines_.size(); ++i) {
    lines_[i].record = states[i].record;
    lines_[i].failing = states[i].failing();
  }
  if (!lines_.empty()) return {};
  // Nobody would be told of them later.
  while (true) {
    GRANT_TRY(const bool more, Prepare());
    if (!more) break;
  }
  return Tidy();
}

Time Courier::Round() {
  const auto next = Advance();
  if (next) return *next;
  spdlog::error("notify: {}", next.error().message);
  return options_.now() + options_.retry.first;
}

Result<Time> Courier::Advance() {
  GRANT_CHECK(RecordUnrecorded());
  GRANT_TRY(const bool more, Prepare());
  if (options_.now() - tidied_at_ >= kTidyInterval) GRANT_CHECK(Tidy());
  Time next = options_.now() + (more ? Duration(0) : kIdleMax);
  for (Line& line : lines_) {
    GRANT_TRY(const Time due, Serve(line));
    next = std::min(next, due);
  }
  return next;
}

Result<bool> Courier::Prepare() {
  std::vector<Notification> fresh;
  const size_t limit = kPreparedAtOnceMax + set_aside_.size();
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(fresh, tables.UnpreparedNotifications(limit));
    return {};
  }));
  for (const Notification& notification : fresh) {
    const auto aside = set_aside_.find(notification.id);
    if (aside != set_aside_.end() && options_.now() < aside->second) continue;
    const auto occasion = ReadOccasion(store_, notification.id, options_.lookups, options_.now());
    if (!occasion) {
      GRANT_CHECK(SetAside(notification, occasion.error()));
      continue;
    }
    GRANT_CHECK(PrepareOne(notification, *occasion));
    set_aside_.erase(notification.id);
  }
  return fresh.size() == limit;
}

Status Courier::PrepareOne(const Notification& notification, const Occasion& occasion) {
  std::vector<Delivery> deliveries;
  for (const Line& line : lines_) {
    if (occasion.IsLate(options_.now())) break;
    for (Delivery& delivery : line.channel->DeliveriesFor(occasion)) {
      delivery.notification_id = notification.id;
      delivery.channel = line.channel->name();
      delivery.queued_at = delivery.due_at = options_.now();
      deliveries.push_back(std::move(delivery));
    }
  }
  std::vector<Delivery> dropped;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.PrepareNotification(notification.id, deliveries));
    return DropBeyondBound(tables, dropped);
  }));
  for (const Delivery& delivery : dropped) {
    spdlog::error("notify {}: dropped {}: more than {} messages wait", delivery.channel,
                  About(delivery), options_.waiting_max);
  }
  return {};
}

Status Courier::SetAside(const Notification& notification, const Error& error) {
  const Time at = options_.now();
  if (lines_.empty() || at >= notification.at + options_.retry.give_up) {
    spdlog::error("notify: gave up {}: {}", notification.id, error.message);
    set_aside_.erase(notification.id);
    return store_.Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.PrepareNotification(notification.id, {}));
      GRANT_CHECK(tables.AppendAudit({at, std::string(event::kNotificationFailed), options_.self,
                                      notification.request_id, "",
                                      Detail({{"notification", notification.id},
                                              {"event", notification.event},
                                              {"reason", error.message}})}));
      return {};
    });
  }
  if (set_aside_.count(notification.id) == 0) {
    spdlog::warn("notify: {} waits: {}", notification.id, error.message);
  }
  set_aside_[notification.id] = at + kSetAsideFor;
  return {};
}

Status Courier::DropBeyondBound(Tables& tables, std::vector<Delivery>& dropped) const {
  GRANT_TRY(const auto waiting, tables.WaitingByChannel());
  int64_t count = 0;
  for (const auto& [channel, some] : waiting) count += some;
  if (count <= options_.waiting_max) return {};
  GRANT_TRY(dropped, tables.OldestDeliveries(static_cast<size_t>(count - options_.waiting_max)));
  for (const Delivery& delivery : dropped) {
    GRANT_CHECK(GiveUp(tables, delivery, "too many messages wait"));
  }
  return {};
}

Status Courier::GiveUp(Tables& tables, const Delivery& delivery, const std::string& reason) const {
  GRANT_CHECK(tables.RemoveDelivery(delivery));
  GRANT_TRY(const auto notification, tables.FindNotification(delivery.notification_id));
  if (!notification) return {};
  GRANT_TRY(const auto request, tables.FindRequest(notification->request_id));
  nlohmann::json detail = {{"notification", delivery.notification_id},
                           {"event", notification->event},
                           {"channel", delivery.channel},
                           {"attempts", delivery.attempts},
                           {"reason", reason}};
  if (!delivery.recipient.empty()) detail["recipient"] = delivery.recipient;
  GRANT_CHECK(tables.AppendAudit({options_.now(), std::string(event::kNotificationFailed),
                                  options_.self, notification->request_id,
                                  request ? request->signer : "", Detail(detail)}));
  return {};
}

Status Courier::Tidy() {
  tidied_at_ = options_.now();
  return store_.Write(
      [&](Tables& tables) { return tables.RemoveDelivered(tidied_at_ - options_.keep); });
}

Result<Time> Courier::Serve(Line& line) {
  std::optional<Delivery> delivery;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(delivery, tables.NextDelivery(line.channel->name()));
    return {};
  }));
  if (!delivery) return options_.now() + kIdleMax;
  const Time due = std::max(delivery->due_at, line.held_until);
  if (options_.now() < due) return due;
  const auto occasion =
      ReadOccasion(store_, delivery->notification_id, options_.lookups, options_.now());
  if (!occasion) {
    GRANT_CHECK(Postpone(*std::move(delivery), occasion.error()));
    return options_.now();
  }
  GRANT_TRY(const bool dropped, DropIfLate(line, *occasion, *delivery));
  if (dropped) return options_.now();
  const SendResult attempt = line.channel->Send(*occasion, *delivery, options_.now());
  if (attempt.outcome == SendOutcome::kDelivered) {
    GRANT_CHECK(Succeed(line, *delivery));
  } else if (attempt.outcome != SendOutcome::kAborted) {
    GRANT_CHECK(Fail(line, *std::move(delivery), attempt));
  }
  return options_.now();
}

Result<bool> Courier::DropIfLate(const Line& line, const Occasion& occasion,
                                 const Delivery& delivery) {
  const std::vector<Principal> recipients = occasion.recipients();
  const bool wanted =
      delivery.recipient.empty() ||
      std::any_of(recipients.begin(), recipients.end(), [&](const Principal& recipient) {
        return recipient.text() == delivery.recipient;
      });
  if (wanted && !occasion.IsLate(options_.now())) return false;
  spdlog::info("notify {}: {} is not sent any more: what it asks for is done or over",
               line.channel->name(), About(delivery));
  // Perhaps it expired because nobody heard of it.
  const Request& request = occasion.view.request;
  const bool unheard =
      request.status == RequestStatus::kExpired || IsOverdue(request, options_.now());
  GRANT_CHECK(store_.Write([&](Tables& tables) {
    return unheard ? GiveUp(tables, delivery, "the request expired before it got through")
                   : tables.RemoveDelivery(delivery);
  }));
  return true;
}

Status Courier::Succeed(Line& line, const Delivery& delivery) {
  const Time at = options_.now();
  const bool recovered = std::exchange(line.failing, false);
  line.held_until = Time();
  line.record.last_success_at = at;
  if (recovered) {
    spdlog::info("notify {}: {} takes messages again", line.channel->name(),
                 line.channel->receiver());
  }
  return Record([=, record = line.record](Tables& tables) -> Status {
    GRANT_CHECK(tables.SettleDelivery(delivery, at));
    // Those that failed meanwhile need not wait out their time.
    if (recovered) GRANT_CHECK(tables.HastenDeliveries(delivery.channel, at));
    return tables.StoreChannelRecord(record);
  });
}

Status Courier::Postpone(Delivery delivery, const Error& error) {
  const Time at = options_.now();
  spdlog::warn("notify {}: {} waits: {}", delivery.channel, About(delivery), error.message);
  const bool given_up = at >= delivery.queued_at + options_.retry.give_up;
  delivery.due_at = at + kSetAsideFor;
  return Record([=, this](Tables& tables) -> Status {
    return given_up ? GiveUp(tables, delivery, error.message) : tables.PostponeDelivery(delivery);
  });
}

Status Courier::Fail(Line& line, Delivery delivery, const SendResult& attempt) {
  const Time at = options_.now();
  const Time end = delivery.queued_at + options_.retry.give_up;
  const bool refused = attempt.outcome == SendOutcome::kRefused;
  const bool given_up = refused || at >= end;
  ++delivery.attempts;
  delivery.due_at =
      std::min(end, at + RetryDelay(options_.retry, delivery.attempts, options_.jitter()));
  line.record.last_error_at = at;
  line.record.last_error = attempt.error;
  TellOfFailure(line, delivery, attempt, given_up);
  return Record([=, this, record = line.record](Tables& tables) -> Status {
    GRANT_CHECK(given_up ? GiveUp(tables, delivery, attempt.error)
                         : tables.PostponeDelivery(delivery));
    // What fails now fails for the others whose time is over as well.
    if (given_up && !refused) GRANT_CHECK(GiveUpOverdue(tables, delivery.channel, at, attempt));
    return tables.StoreChannelRecord(record);
  });
}

Status Courier::GiveUpOverdue(Tables& tables, const std::string& channel, Time at,
                              const SendResult& attempt) const {
  GRANT_TRY(const auto overdue,
            tables.OverdueDeliveries(channel, at - options_.retry.give_up, kGivenUpAtOnceMax));
  for (const Delivery& delivery : overdue) GRANT_CHECK(GiveUp(tables, delivery, attempt.error));
  if (!overdue.empty()) {
    spdlog::error("notify {}: gave up {} more whose time is over", channel, overdue.size());
  }
  return {};
}

void Courier::TellOfFailure(Line& line, const Delivery& delivery, const SendResult& attempt,
                            bool given_up) {
  const std::string& name = line.channel->name();
  if (attempt.outcome == SendOutcome::kFailed) {
    line.held_until = *line.record.last_error_at + options_.retry.first;
    if (!std::exchange(line.failing, true)) {
      spdlog::warn("notify {}: {} fails: {}; messages wait and are tried again", name,
                   line.channel->receiver(), attempt.error);
    }
  } else {
    spdlog::warn("notify {}: {} refuses {}: {}", name, line.channel->receiver(), About(delivery),
                 attempt.error);
  }
  if (given_up && attempt.outcome == SendOutcome::kFailed) {
    spdlog::error("notify {}: gave up {} after {} attempts: {}", name, About(delivery),
                  delivery.attempts, attempt.error);
  }
}

Status Courier::Record(std::function<Status(Tables&)> outcome) {
  unrecorded_ = std::move(outcome);
  return RecordUnrecorded();
}

Status Courier::RecordUnrecorded() {
  if (!unrecorded_) return {};
  Status written = store_.Write(unrecorded_);
  // A conflict says that the message does not wait any more: nothing is left to record.
  if (!written && written.error().code != Code::kConflict) return written;
  unrecorded_ = nullptr;
  return {};
}

Result<std::vector<ChannelState>> Courier::States() const {
  std::vector<ChannelRecord> records;
  std::map<std::string, int64_t> waiting;
  std::map<std::string, Time> since;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(records, tables.ChannelRecords());
    GRANT_TRY(waiting, tables.WaitingByChannel());
    GRANT_TRY(since, tables.LongestWaitingByChannel());
    return {};
  }));
  std::vector<ChannelState> states;
  for (const Line& line : lines_) {
    const std::string& name = line.channel->name();
    ChannelState state{line.channel->receiver(), {name, {}, {}, {}}, waiting[name], {}};
    if (const auto oldest = since.find(name); oldest != since.end()) {
      state.waiting_since = oldest->second;
    }
    for (const ChannelRecord& record : records) {
      if (record.channel == name) state.record = record;
    }
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace grant
