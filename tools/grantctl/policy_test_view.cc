#include "tools/grantctl/policy_test_view.h"

#include <fmt/format.h>

#include "tools/grantctl/request_view.h"
#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

void AddOutcome(Block& block, const std::string& outcome) {
  if (outcome == "refused") {
    block.Add("Outcome", "it would be refused", Colour::kRed);
  } else if (outcome == "approved-at-once") {
    block.Add("Outcome", "approved at once: machine identities need no approval", Colour::kYellow);
  } else if (outcome == "never-approved") {
    block.Add("Outcome", "it would be filed, but nobody could complete every step", Colour::kRed);
  } else {
    block.Add("Outcome", "it would be filed and need approval", Colour::kGreen);
  }
}

// A line for each of those who could approve, who are left out, or of whom nothing is known.
std::string StepLines(const Json& step) {
  const int64_t required = Number(step, "required");
  std::string lines =
      fmt::format("{}: {} approval{}{}", Text(step, "name"), required, required == 1 ? "" : "s",
                  Flag(step, "completable") ? "" : ", which nobody can complete");
  for (const Json& approver : List(step, "approvers")) {
    const std::string name = Text(approver, "principal");
    const std::string via = Join(Texts(approver, "via"), "; ");
    lines += "\n  " + name + (via == name ? "" : " through " + via);
  }
  for (const Json& group : List(step, "unknown")) {
    if (!group.is_string()) continue;
    lines += "\n  whoever is in " + group.get<std::string>() + ", which nobody can list";
  }
  for (const Json& one : List(step, "left_out")) {
    lines += fmt::format("\n  not {}: {}", Text(one, "principal"), Text(one, "reason"));
  }
  return lines;
}

}  // namespace

std::string ForecastText(const Json& forecast, bool colour, Instant now) {
  Block block;
  block.Add("Signer", Text(forecast, "signer"), Colour::kBold);
  block.Add("Policy", Text(forecast, "policy"));
  block.Add("As", Text(forecast, "as") + (Flag(forecast, "machine") ? " (a machine)" : ""));
  AddOutcome(block, Text(forecast, "outcome"));
  const Json& refusal = Object(forecast, "refusal");
  block.Add("Why", Text(refusal, "detail"));
  block.Add("Hint", Text(refusal, "hint"));
  const std::string expires_at = Text(forecast, "expires_at");
  block.Add("Expires", expires_at.empty() ? "" : Exact(expires_at, now) + " without a decision");
  block.Add("Hours", HoursText(Object(forecast, "hours"), now));
  size_t number = 0;
  for (const Json& step : List(forecast, "steps")) {
    block.Add(fmt::format("Step {}", ++number), StepLines(step));
  }
  return block.Render(colour);
}

}  // namespace grant::ctl
