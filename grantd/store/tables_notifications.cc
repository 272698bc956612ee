// The outbox of notifications.
#include <fmt/format.h>

#include "grantd/store/row_reader.h"
#include "grantd/store/tables.h"

namespace grant {
namespace {

constexpr char kWaiting[] = "waiting";
constexpr char kDelivered[] = "delivered";

constexpr char kSelectNotification[] =
    "SELECT id, event_name, request_id, step, actor, happened_at FROM notification";
constexpr char kSelectDelivery[] =
    "SELECT notification_id, channel, recipient, address, attempts, queued_at, due_at "
    "FROM notification_delivery";
constexpr char kThisDelivery[] =
    "WHERE notification_id = $1 AND channel = $2 AND recipient = $3 AND delivery_status = $4";

Result<Notification> ReadNotification(const sql::Row& row) {
  RowReader reader(row, "notification");
  Notification notification;
  notification.id = reader.Text();
  notification.event = reader.Text();
  notification.request_id = reader.Text();
  if (const auto step = reader.MaybeInteger()) notification.step = static_cast<uint32_t>(*step);
  notification.actor = reader.Who();
  notification.at = reader.Instant();
  return reader.Finish(std::move(notification));
}

Result<Delivery> ReadDelivery(const sql::Row& row) {
  RowReader reader(row, "notification's delivery");
  Delivery delivery;
  delivery.notification_id = reader.Text();
  delivery.channel = reader.Text();
  delivery.recipient = reader.Text();
  delivery.address = reader.Text();
  delivery.attempts = reader.Count();
  delivery.queued_at = reader.Instant();
  delivery.due_at = reader.Instant();
  return reader.Finish(std::move(delivery));
}

Result<ChannelRecord> ReadChannel(const sql::Row& row) {
  RowReader reader(row, "notification channel");
  ChannelRecord record;
  record.channel = reader.Text();
  record.last_success_at = reader.MaybeInstant();
  record.last_error_at = reader.MaybeInstant();
  record.last_error = reader.Text();
  return reader.Finish(std::move(record));
}

// The parameters of kThisDelivery.
std::vector<sql::Value> Naming(const Delivery& delivery) {
  return {delivery.notification_id, delivery.channel, delivery.recipient, kWaiting};
}

Error NotWaiting(const Delivery& delivery) {
  return {Code::kConflict,
          fmt::format("notification {} does not wait for {} {}", delivery.notification_id,
                      delivery.channel, delivery.recipient),
          ""};
}

}  // namespace

Status Tables::InsertNotification(const Notification& notification) {
  const sql::Value step = notification.step ? sql::Value(int64_t{*notification.step}) : sql::Null();
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO notification (id, event_name, request_id, step, actor, happened_at, prepared) "
      "VALUES ($1, $2, $3, $4, $5, $6, 0)",
      {notification.id, notification.event, notification.request_id, step,
       notification.actor.text(), ToMillis(notification.at)}));
  return {};
}

Result<std::optional<Notification>> Tables::FindNotification(const std::string& id) {
  return ReadFirst(ListQuery(kSelectNotification).Where("id =", id).Run(sql_, "id", 1),
                   ReadNotification);
}

Result<std::vector<Notification>> Tables::UnpreparedNotifications(size_t limit) {
  return ReadAll(
      ListQuery(kSelectNotification).Where("prepared =", int64_t{0}).Run(sql_, "id", limit),
      ReadNotification);
}

Status Tables::PrepareNotification(const std::string& id, const std::vector<Delivery>& deliveries) {
  for (const Delivery& delivery : deliveries) {
    GRANT_CHECK(sql_.Execute(
        "INSERT INTO notification_delivery (notification_id, channel, recipient, address, "
        "delivery_status, attempts, queued_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {id, delivery.channel, delivery.recipient, delivery.address, kWaiting,
         int64_t{delivery.attempts}, ToMillis(delivery.queued_at), ToMillis(delivery.due_at)}));
  }
  return ExpectOne(
      sql_.Execute("UPDATE notification SET prepared = 1 WHERE id = $1 AND prepared = 0", {id}),
      {Code::kConflict, fmt::format("notification {} is prepared already", id), ""});
}

Result<std::optional<Delivery>> Tables::NextDelivery(const std::string& channel) {
  return ReadFirst(ListQuery(kSelectDelivery)
                       .Where("delivery_status =", kWaiting)
                       .Where("channel =", channel)
                       .Run(sql_, "due_at", 1),
                   ReadDelivery);
}

Result<std::vector<Delivery>> Tables::OldestDeliveries(size_t limit) {
  return ReadAll(ListQuery(kSelectDelivery)
                     .Where("delivery_status =", kWaiting)
                     .Run(sql_, "notification_id", limit),
                 ReadDelivery);
}

Result<std::vector<Delivery>> Tables::OverdueDeliveries(const std::string& channel,
                                                        Time queued_until, size_t limit) {
  return ReadAll(ListQuery(kSelectDelivery)
                     .Where("delivery_status =", kWaiting)
                     .Where("channel =", channel)
                     .Where("queued_at <=", ToMillis(queued_until))
                     .Run(sql_, "due_at", limit),
                 ReadDelivery);
}

Result<std::map<std::string, int64_t>> Tables::WaitingByChannel() {
  GRANT_TRY(const auto rows, sql_.Query("SELECT channel, COUNT(*) FROM notification_delivery "
                                        "WHERE delivery_status = $1 GROUP BY channel",
                                        {kWaiting}));
  std::map<std::string, int64_t> waiting;
  for (const sql::Row& row : rows) {
    RowReader reader(row, "notification's delivery");
    std::string channel = reader.Text();
    GRANT_TRY(waiting[channel], reader.Finish(reader.Integer()));
  }
  return waiting;
}

Result<std::map<std::string, Time>> Tables::LongestWaitingByChannel() {
  GRANT_TRY(const auto rows, sql_.Query("SELECT channel, MIN(queued_at) FROM notification_delivery "
                                        "WHERE delivery_status = $1 GROUP BY channel",
                                        {kWaiting}));
  std::map<std::string, Time> since;
  for (const sql::Row& row : rows) {
    RowReader reader(row, "notification's delivery");
    std::string channel = reader.Text();
    GRANT_TRY(since[channel], reader.Finish(reader.Instant()));
  }
  return since;
}

Status Tables::PostponeDelivery(const Delivery& delivery) {
  std::vector<sql::Value> values = Naming(delivery);
  values.insert(values.end(), {int64_t{delivery.attempts}, ToMillis(delivery.due_at)});
  return ExpectOne(sql_.Execute("UPDATE notification_delivery SET attempts = $5, due_at = $6 " +
                                    std::string(kThisDelivery),
                                values),
                   NotWaiting(delivery));
}

Status Tables::HastenDeliveries(const std::string& channel, Time due_at) {
  GRANT_CHECK(
      sql_.Execute("UPDATE notification_delivery SET due_at = $3 WHERE channel = $1 AND "
                   "delivery_status = $2 AND due_at > $3",
                   {channel, kWaiting, ToMillis(due_at)}));
  return {};
}

Status Tables::SettleDelivery(const Delivery& delivery, Time at) {
  std::vector<sql::Value> values = Naming(delivery);
  values.insert(values.end(), {kDelivered, ToMillis(at)});
  return ExpectOne(sql_.Execute("UPDATE notification_delivery SET delivery_status = $5, "
                                "delivered_at = $6 " +
                                    std::string(kThisDelivery),
                                values),
                   NotWaiting(delivery));
}

Status Tables::RemoveDelivery(const Delivery& delivery) {
  return ExpectOne(sql_.Execute("DELETE FROM notification_delivery " + std::string(kThisDelivery),
                                Naming(delivery)),
                   NotWaiting(delivery));
}

Status Tables::RemoveDelivered(Time before) {
  GRANT_CHECK(sql_.Execute(
      "DELETE FROM notification_delivery WHERE delivery_status = $1 AND delivered_at < $2",
      {kDelivered, ToMillis(before)}));
  GRANT_CHECK(
      sql_.Execute("DELETE FROM notification WHERE prepared = 1 AND NOT EXISTS (SELECT 1 "
                   "FROM notification_delivery WHERE notification_id = notification.id)",
                   {}));
  return {};
}

Result<std::vector<ChannelRecord>> Tables::ChannelRecords() {
  return ReadAll(sql_.Query("SELECT channel, last_success_at, last_error_at, last_error "
                            "FROM notification_channel ORDER BY channel",
                            {}),
                 ReadChannel);
}

Status Tables::StoreChannelRecord(const ChannelRecord& record) {
  GRANT_CHECK(sql_.Execute(
      "INSERT INTO notification_channel (channel, last_success_at, last_error_at, last_error) "
      "VALUES ($1, $2, $3, $4) ON CONFLICT (channel) DO UPDATE SET last_success_at = $2, "
      "last_error_at = $3, last_error = $4",
      {record.channel, MaybeMillis(record.last_success_at), MaybeMillis(record.last_error_at),
       record.last_error}));
  return {};
}

}  // namespace grant
