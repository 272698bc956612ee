#include "tools/grantctl/doctor_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace grant::ctl {
namespace {

constexpr mode_t kSocketMode = 0666;
constexpr std::chrono::seconds kClockDifferenceMax{5};

Findings CheckAlarms(const Json& report, Instant /*now*/) {
  if (!report.contains("alarms")) return {};
  Findings findings;
  for (const Json& alarm : List(report, "alarms")) {
    findings.push_back({"alarm/" + Text(alarm, "name"), Health::kWrong,
                        "nothing is signed: " + Text(alarm, "message"), Text(alarm, "hint")});
  }
  if (findings.empty()) {
    findings.push_back(
        {"alarm/none", Health::kOk, "the audit and grantd's clock are as it knew them", {}});
  }
  return findings;
}

Findings CheckRules(const Json& report, Instant now) {
  const Json& rules = Object(report, "rules");
  if (rules.empty()) return {};
  const int64_t version = Number(rules, "version");
  if (version == 0) {
    return {{"rules", Health::kWarning, "no rules are in force, so nobody can ask for anything",
             "grantctl apply -f rules.toml"}};
  }
  const std::string title = fmt::format("rules of version {}, applied {}", version,
                                        Relative(Text(rules, "applied_at"), now));
  Findings findings{{"rules", Health::kOk, title, {}}};
  if (const Json& fault = Object(rules, "fault"); !fault.empty()) {
    findings.front() = {"rules", Health::kWrong,
                        title + ", are not what can be in force: " + Text(fault, "detail"),
                        Text(fault, "hint")};
  }
  for (const Json& finding : List(rules, "findings")) {
    findings.push_back({"rules", Health::kWarning, Text(finding, "detail"), Text(finding, "hint")});
  }
  return findings;
}

std::string WaitingText(const Json& channel, Instant now) {
  const int64_t waiting = Number(channel, "waiting");
  if (waiting == 0) return "nothing waits";
  const auto since = ParseInstant(Text(channel, "waiting_since"));
  return fmt::format("{} message{}{}", waiting, waiting == 1 ? " waits" : "s wait",
                     since ? ", the oldest for " + Span(now - *since) : "");
}

Finding CheckChannel(const Json& channel, Instant now) {
  const std::string name = Text(channel, "name");
  const std::string title =
      fmt::format("notifications by {} to {}", name, Text(channel, "receiver"));
  const std::string waiting = WaitingText(channel, now);
  const std::string success = Text(channel, "last_success_at");
  const std::string last = success.empty() ? "none was delivered yet"
                                           : "the last was delivered " + Relative(success, now);
  if (!Flag(channel, "failing")) {
    return {"channel/" + name, Health::kOk, fmt::format("{}: {}, {}", title, last, waiting), {}};
  }
  return {
      "channel/" + name, Health::kWrong,
      fmt::format("{} fail: {} ({}); {}, {}", title, Text(channel, "last_error"),
                  Relative(Text(channel, "last_error_at"), now), last, waiting),
      fmt::format("mend the receiver or [notify.{}] in grantd.toml; what waits is sent by itself",
                  name)};
}

Findings CheckChannels(const Json& report, Instant now) {
  if (!report.contains("channels")) return {};
  Findings findings;
  for (const Json& channel : List(report, "channels")) {
    findings.push_back(CheckChannel(channel, now));
  }
  if (findings.empty()) {
    findings.push_back(
        {"channel/none", Health::kOk, "nobody is notified: grantd.toml has no [notify]", {}});
  }
  return findings;
}

Findings CheckClock(const Json& report, Instant now) {
  const auto theirs = ParseInstant(Text(report, "now"));
  if (!theirs) return {};
  const std::chrono::seconds difference = now > *theirs ? now - *theirs : *theirs - now;
  if (difference <= kClockDifferenceMax) return {{"clock", Health::kOk, "the clocks agree", {}}};
  return {{"clock", Health::kWarning,
           fmt::format("grantd's clock shows {}, which is {} {} than here", Text(report, "now"),
                       Span(difference), now > *theirs ? "less" : "more"),
           "windows are kept by grantd's clock: set the clocks by NTP"}};
}

}  // namespace

Finding CheckSocket(const std::string& name, const std::string& path, const SocketState& state,
                    uid_t self) {
  const std::string socket = fmt::format("the {} socket {}", name, path);
  if (!state.error.empty()) {
    return {name, Health::kWrong, socket + " cannot be reached: " + state.error,
            name == "gate" ? "gate in [listen] of grantd.toml says where it is; GRANTD_GATE tells "
                             "the module"
                           : "api in [listen] of grantd.toml says where it is; GRANTD_API tells "
                             "grantctl"};
  }
  if (state.owner != state.server) {
    return {name, Health::kWrong,
            fmt::format("{} belongs to {}, but {} answers there", socket, UserText(state.owner),
                        UserText(state.server)),
            "see who put it there, and start grantd anew"};
  }
  if (!state.open_directory.empty()) {
    return {name, Health::kWrong,
            fmt::format("others than {} can put something else in the place of {}: they may write "
                        "to {}",
                        UserText(state.server), socket, state.open_directory),
            "give the directory to grantd's user or root, with mode 0755"};
  }
  if ((state.mode & kSocketMode) != kSocketMode) {
    return {name, Health::kWarning,
            fmt::format("{} has mode {:04o}, so some users cannot connect", socket, state.mode),
            "grantd makes it with mode 0666: chmod 666 " + path};
  }
  if (state.server == self && self != 0) {
    return {name, Health::kWarning,
            fmt::format("{} is served by yourself, {}, so you can reach token and PIN without a "
                        "grant",
                        socket, UserText(self)),
            "run grantd as a user of its own: see 'The boundary' in docs/configuration.md"};
  }
  return {name, Health::kOk, fmt::format("{} is served by {}", socket, UserText(state.server)), {}};
}

Finding CheckCaller(const Json& standing) {
  const std::string role = Flag(standing, "auditor") ? ", an auditor"
                           : Flag(standing, "admin") ? ", an administrator"
                                                     : "";
  return {"caller", Health::kOk, "grantd takes you for " + Text(standing, "principal") + role, {}};
}

Finding CheckReady(const Outcome<Json>& answer) {
  if (answer) return {"ready", Health::kOk, "grantd is ready to sign", {}};
  return {"ready", Health::kWrong, "grantd is " + answer.error().message, "what follows says more"};
}

Findings CheckReport(const Json& report, Instant now) {
  Findings findings;
  for (const auto check : {CheckConfiguration, CheckClock, CheckAlarms, CheckSeal, CheckTokens,
                           CheckDisks, CheckDatabase, CheckBackups, CheckRules, CheckChannels}) {
    Findings more = check(report, now);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace grant::ctl
