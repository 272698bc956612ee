#include "grantd/operations/metrics_page.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "grantd/domain/grant.h"
#include "grantd/operations/readiness.h"
#include "grantd/operations/system_report.h"

namespace grant {
namespace {

using metrics::Exposition;
using metrics::Type;

constexpr std::array kStatuses = {GrantStatus::kPending,   GrantStatus::kActive,
                                  GrantStatus::kExhausted, GrantStatus::kExpired,
                                  GrantStatus::kRevoked,   GrantStatus::kReleased};
constexpr std::array kAlarms = {Cause::kDatabaseRestored, Cause::kClockWrong, Cause::kStoreFailing,
                                Cause::kSealed};

double Seconds(Time time) {
  return static_cast<double>(ToMillis(time)) / 1000;
}

void Gauge(Exposition& page, std::string_view name, std::string_view help, double value) {
  page.Begin(name, Type::kGauge, help);
  page.Add(metrics::Labels{}, value);
}

void ShowTokens(const MetricsSources& sources, Exposition& page) {
  page.Begin("grantd_token_up", Type::kGauge, "Whether the token is there and logged in.");
  for (const auto& token : sources.keys.tokens()) {
    page.Add({{"token", token->settings().name}}, token->Describe().present ? 1 : 0);
  }
  page.Begin("grantd_token_workers", Type::kGauge, "Worker processes that there should be.");
  for (const auto& token : sources.keys.tokens()) {
    page.Add({{"token", token->settings().name}}, token->settings().workers);
  }
  page.Begin("grantd_token_workers_up", Type::kGauge, "Worker processes that can take a call.");
  for (const auto& token : sources.keys.tokens()) {
    page.Add({{"token", token->settings().name}}, static_cast<double>(token->WorkersUp()));
  }
}

void ShowAlarms(const std::vector<Refusal>& alarms, Exposition& page) {
  page.Begin("grantd_alarm", Type::kGauge, "Whether this stands in the way of every signature.");
  for (const Cause cause : kAlarms) {
    const bool raised = std::any_of(alarms.begin(), alarms.end(),
                                    [cause](const Refusal& each) { return each.cause == cause; });
    page.Add({{"alarm", CauseName(cause)}}, raised ? 1 : 0);
  }
}

void ShowOutbox(const Totals& totals, Time now, Exposition& page) {
  Gauge(page, "grantd_outbox_unprepared",
        "Notifications of which it is not known yet whom to tell.",
        static_cast<double>(totals.unprepared_notifications));
  page.Begin("grantd_outbox_messages", Type::kGauge, "Messages that wait for their receiver.");
  for (const auto& [channel, waiting] : totals.waiting) {
    page.Add({{"channel", channel}}, static_cast<double>(waiting));
  }
  page.Begin("grantd_outbox_oldest_seconds", Type::kGauge,
             "How long the message has waited that has waited longest.");
  for (const auto& [channel, since] : totals.waiting_since) {
    page.Add({{"channel", channel}}, std::max(0.0, Seconds(now) - Seconds(since)));
  }
}

void ShowTotals(const Totals& totals, Time now, Exposition& page) {
  page.Begin("grantd_grants", Type::kGauge, "Grants that were ever issued, by their status now.");
  for (const GrantStatus status : kStatuses) {
    const auto found = totals.grants.find(Name(status));
    page.Add({{"status", Name(status)}},
             found == totals.grants.end() ? 0 : static_cast<double>(found->second));
  }
  Gauge(page, "grantd_requests_open", "Requests that are not decided.",
        static_cast<double>(totals.open_requests));
  Gauge(page, "grantd_audit_entries", "Entries of the audit.",
        static_cast<double>(totals.audit_entries));
  ShowOutbox(totals, now, page);
  // Zero is a time, too: an alert on its age then fires.
  Gauge(page, "grantd_last_backup_timestamp_seconds",
        "When the last backup was made, since 1970; 0 where there was none.",
        totals.last_backup ? Seconds(*totals.last_backup) : 0);
}

}  // namespace

void ShowOperations(const MetricsSources& sources, Time now, Exposition& page) {
  const std::vector<Refusal> alarms = sources.alarms();
  page.Begin("grantd_build_info", Type::kGauge, "Which grantd this is.");
  page.Add({{"version", GRANT_VERSION}}, 1);
  Gauge(page, "grantd_start_time_seconds", "When grantd started, since 1970.",
        Seconds(sources.started_at));
  Gauge(page, "grantd_ready", "Whether grantd could sign now with every token.",
        WhyNotReady(sources.keys, sources.store, alarms).empty() ? 1 : 0);
  ShowTokens(sources, page);
  ShowAlarms(alarms, page);
  const WritingState writing = sources.store.Writing();
  Gauge(page, "grantd_store_writable", "Whether the last transaction was committed.",
        writing.failure ? 0 : 1);
  const DatabaseSize size = SizeOfDatabase(sources.state_dir);
  Gauge(page, "grantd_database_bytes", "Size of the database.", static_cast<double>(size.database));
  Gauge(page, "grantd_database_log_bytes", "Size of the database's write-ahead log.",
        static_cast<double>(size.log));
  if (const auto totals = sources.totals.Read()) ShowTotals(*totals, now, page);
}

}  // namespace grant
