#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

// What one check says of one thing.
struct Finding {
  std::string name;  // "token/prod"
  bool wrong = false;
  std::string sentence;
  std::string hint;  // only where it is wrong
};

using Findings = std::vector<Finding>;

Findings CheckTokens(const Json& report, Instant /*now*/) {
  Findings findings;
  for (const Json& token : List(report, "tokens")) {
    const std::string name = Text(token, "name");
    Finding finding{"token/" + name, !Flag(token, "present"), "token " + name + " is present", {}};
    if (finding.wrong) {
      finding.sentence = "token " + name + " is absent, so nothing can be signed with its keys";
      finding.hint = "see grantd's log, and [[token]] in grantd.toml";
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::string WaitingText(int64_t waiting) {
  if (waiting == 0) return "nothing waits";
  return fmt::format("{} message{}", waiting, waiting == 1 ? " waits" : "s wait");
}

Finding CheckChannel(const Json& channel, Instant now) {
  const std::string name = Text(channel, "name");
  const std::string title =
      fmt::format("notifications by {} to {}", name, Text(channel, "receiver"));
  const std::string waiting = WaitingText(Number(channel, "waiting"));
  const std::string success = Text(channel, "last_success_at");
  const std::string last = success.empty() ? "none was delivered yet"
                                           : "the last was delivered " + Relative(success, now);
  Finding finding{"channel/" + name,
                  Flag(channel, "failing"),
                  fmt::format("{}: {}, {}", title, last, waiting),
                  {}};
  if (finding.wrong) {
    finding.sentence = fmt::format("{} fail: {} ({}); {}, {}", title, Text(channel, "last_error"),
                                   Relative(Text(channel, "last_error_at"), now), last, waiting);
    finding.hint = fmt::format(
        "mend the receiver or [notify.{}] in grantd.toml; what waits is sent by itself", name);
  }
  return finding;
}

Findings CheckChannels(const Json& report, Instant now) {
  Findings findings;
  for (const Json& channel : List(report, "channels")) {
    findings.push_back(CheckChannel(channel, now));
  }
  if (findings.empty()) {
    findings.push_back(
        {"channel/none", false, "nobody is notified: grantd.toml has no [notify]", {}});
  }
  return findings;
}

// In the order in which they are shown.
constexpr Findings (*kChecks[])(const Json& report, Instant now) = {CheckTokens, CheckChannels};

std::string Render(const Findings& findings, bool colour) {
  std::string text;
  for (const Finding& finding : findings) {
    text += finding.wrong ? Paint("wrong", Colour::kRed, colour)
                          : Paint("ok   ", Colour::kGreen, colour);
    text += "  " + Sanitise(finding.sentence) + "\n";
    if (!finding.hint.empty()) {
      text +=
          "       " + Paint("hint:", Colour::kBold, colour) + " " + Sanitise(finding.hint) + "\n";
    }
  }
  return text;
}

std::string WrongNames(const Findings& findings) {
  std::string names;
  for (const Finding& finding : findings) {
    if (finding.wrong) names += Sanitise(finding.name) + "\n";
  }
  return names;
}

Outcome<Exit> Doctor(Context& context) {
  GRANT_TRY(const Json report, context.client.Get("/v1/doctor"));
  Findings findings;
  for (const auto check : kChecks) {
    Findings more = check(report, context.now);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  if (context.format == Format::kName) {
    context.around.out << WrongNames(findings);
  } else {
    PrintObject(context, report, "", [&] { return Render(findings, context.ColourOut()); });
  }
  const auto wrong = std::count_if(findings.begin(), findings.end(),
                                   [](const Finding& finding) { return finding.wrong; });
  if (wrong == 0) return Exit::kOk;
  return Failed(Exit::kFailed,
                fmt::format("{} of {} checks found something wrong", wrong, findings.size()));
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Command& chosen) {
  app.add_subcommand("doctor", "whether grantd is well, and what to do where it is not")
      ->callback([&chosen] { chosen = Doctor; });
}

}  // namespace grant::ctl
