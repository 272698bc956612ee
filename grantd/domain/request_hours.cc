#include "grantd/domain/request_hours.h"

#include <algorithm>

namespace grant {
namespace {

// When a grant of the request could begin and end at the latest, were it approved at any time from
// `now` until it expires.
GrantSpan WidestSpan(const Request& request, Time now) {
  const Time from = std::max(request.window.from.value_or(now), now);
  if (request.window.until) return {from, *request.window.until};
  return {from, SpanOfGrant(request, request.expires_at).until};
}

// What an approver can do about an approval that leads nowhere. `opening` is when the hours begin
// that the grant does not reach.
std::string WhatHelps(const Approval& approval, Time now, const WeeklyHours& hours,
                      const TimeZone& zone, Time opening) {
  const Request& request = approval.request;
  Request unnarrowed = request;
  unnarrowed.decisions.back().narrowing.window.reset();
  const GrantSpan wider =
      approval.grant ? SpanOfGrant(unnarrowed, now) : WidestSpan(unnarrowed, now);
  const std::string begin = FormatTime(opening);
  if (FirstWithin(hours, zone, std::max(wider.from, now), wider.until)) {
    return "approve it without --window, or with one that reaches " + begin +
           ", when the hours begin";
  }
  if (opening < std::min(request.expires_at, request.window.until.value_or(Time::max()))) {
    return "approve it from " + begin + " on, when the hours begin";
  }
  if (const auto length = request.window.duration;
      length && opening - *length < request.expires_at) {
    return "approve it after " + FormatTime(opening - *length) + ", so that its window reaches " +
           begin + ", when the hours begin";
  }
  return "reject it, and have one filed whose window reaches " + begin + ", when the hours begin";
}

}  // namespace

std::optional<HoursForecast> ForeseeHours(const WeeklyHours& hours, Time now,
                                          const ZoneOf& zone_of) {
  if (hours.Always()) return std::nullopt;
  HoursForecast forecast{hours, false, std::nullopt};
  const auto zone = ZoneOfHours(hours, zone_of);
  if (!zone) return forecast;
  forecast.open_now = Contain(hours, **zone, now);
  if (!forecast.open_now) forecast.opens_at = FirstWithin(hours, **zone, now, Time::max());
  return forecast;
}

WeeklyHours HoursOf(const Rules& rules, const std::string& signer_name) {
  const Signer* signer = rules.FindSigner(signer_name);
  const Policy* policy = signer == nullptr ? nullptr : rules.FindPolicy(signer->policy);
  return policy == nullptr ? WeeklyHours() : policy->hours;
}

Result<std::shared_ptr<const TimeZone>> ZoneOfHours(const WeeklyHours& hours,
                                                    const ZoneOf& zone_of) {
  auto zone = zone_of ? zone_of(hours.time_zone) : nullptr;
  if (zone) return zone;
  return Fail(Code::kUnavailable,
              "the time zone '" + hours.time_zone + "' is not known on the machine of grantd",
              "install the package tzdata and start grantd anew");
}

Status CheckWindowMeetsHours(const Request& request, bool approved_now, Time now,
                             const ZoneOf& zone_of) {
  const WeeklyHours& hours = request.policy.hours;
  if (hours.Always()) return {};
  GRANT_TRY(const auto zone, ZoneOfHours(hours, zone_of));
  const GrantSpan span = approved_now ? SpanOfGrant(request, now) : WidestSpan(request, now);
  const Time from = std::max(span.from, now);
  if (FirstWithin(hours, *zone, from, span.until)) return {};
  const auto opening = FirstWithin(hours, *zone, from, Time::max());
  return Fail(Code::kInvalid,
              "the window lies wholly outside the hours of policy '" + request.policy.name +
                  "': " + hours.text(),
              opening ? "ask for one that reaches " + FormatTime(*opening) + ", when they begin"
                      : "ask an administrator to look at the hours of the policy");
}

Status CheckApprovalMeetsHours(const Approval& approval, const Rules& rules, Time now,
                               const ZoneOf& zone_of) {
  const Request& request = approval.request;
  const WeeklyHours hours = HoursOf(rules, request.signer);
  if (hours.Always()) return {};
  GRANT_TRY(const auto zone, ZoneOfHours(hours, zone_of));
  const GrantSpan span = approval.grant ? SpanOfGrant(request, now) : WidestSpan(request, now);
  const Time from = std::max(span.from, now);
  if (FirstWithin(hours, *zone, from, span.until)) return {};
  const auto opening = FirstWithin(hours, *zone, from, Time::max());
  return Fail(Code::kConflict,
              "this approval of request " + request.id +
                  " would lead to a grant that can never be used: signatures are allowed " +
                  hours.text() + " only",
              opening ? WhatHelps(approval, now, hours, *zone, *opening)
                      : "ask an administrator to look at the hours of the policy");
}

std::optional<Time> UsableFrom(const Request& request, const Rules& rules, Time now,
                               const ZoneOf& zone_of) {
  if (request.status != RequestStatus::kApproved || request.decisions.empty()) return std::nullopt;
  const GrantSpan span = SpanOfGrant(request, request.decisions.back().at);
  const WeeklyHours hours = HoursOf(rules, request.signer);
  std::optional<Time> first = std::max(span.from, now);
  if (!hours.Always()) {
    const auto zone = ZoneOfHours(hours, zone_of);
    first = zone ? FirstWithin(hours, **zone, *first, span.until) : std::nullopt;
  }
  return first > now ? first : std::nullopt;
}

}  // namespace grant
