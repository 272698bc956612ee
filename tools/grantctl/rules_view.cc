#include "tools/grantctl/rules_view.h"

#include <fmt/format.h>

#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

std::string MechanismsText(const Json& signer) {
  const std::string allowed = Join(Texts(signer, "mechanisms"));
  return allowed.empty() ? "any" : allowed;
}

std::string PolicyOfSigner(const Json& signer) {
  const std::string policy = Text(signer, "policy");
  return policy.empty() ? "none" : policy;
}

std::string MaxSigningsText(const Json& policy) {
  const int64_t max = Number(policy, "max_signings");
  return max == 0 ? "any" : std::to_string(max);
}

std::string MaxWindowText(const Json& policy) {
  const std::string max = Text(policy, "max_window");
  return max.empty() ? "any" : max;
}

std::string StepText(const Json& step) {
  const int64_t required = Number(step, "required");
  return fmt::format("{}: {} approval{} by {}", Text(step, "name"), required,
                     required == 1 ? "" : "s", Join(Texts(step, "approvers")));
}

std::string GroupTable(const Json& groups, bool colour) {
  Table table({"NAME", "MEMBERS"});
  for (const Json& group : groups) {
    table.Add({{Text(group, "name")}, {Join(Texts(group, "members"))}});
  }
  return table.Render(colour);
}

std::string UserTable(const Json& users, bool colour) {
  Table table({"NAME", "KIND", "EMAIL"});
  for (const Json& user : users) {
    table.Add({{Text(user, "name")}, {Text(user, "kind")}, {Text(user, "email")}});
  }
  return table.Render(colour);
}

std::string Section(const std::string& title, const std::string& table, bool colour) {
  return "\n" + Paint(title, Colour::kBold, colour) + "\n" + Indent(table, 2);
}

Colour ColourOfChange(const std::string& change) {
  if (change.starts_with('+')) return Colour::kGreen;
  if (change.starts_with('-')) return Colour::kRed;
  return change.starts_with('~') ? Colour::kYellow : Colour::kNone;
}

std::string HoursText(const Json& policy) {
  const std::string spans = Join(Texts(policy, "hours"));
  return spans.empty() ? "" : fmt::format("{} ({})", spans, Text(policy, "time_zone"));
}

}  // namespace

std::string ChangesText(const Json& object, bool colour) {
  std::string text;
  for (const std::string& change : Texts(object, "changes")) {
    text += Paint(Sanitise(change), ColourOfChange(change), colour) + "\n";
  }
  return text;
}

std::string RulesHistoryTable(const Json& steps, bool wide, bool colour, Instant now) {
  Table table({"VERSION", "APPLIED", "BY", "CHANGES"});
  for (const Json& step : steps) {
    const std::vector<std::string> changes = Texts(step, "changes");
    const std::string at = Text(step, "applied_at");
    table.Add({{std::to_string(Number(step, "version"))},
               {wide ? at : Relative(at, now)},
               {Text(step, "applied_by")},
               {wide ? Join(changes, "; ") : std::to_string(changes.size())}});
  }
  return table.Render(colour);
}

std::string SignerTable(const Json& signers, bool wide, bool colour) {
  std::vector<std::string> headings = {"NAME", "POLICY", "USERS", "MECHANISMS"};
  if (wide) headings.insert(headings.end(), {"CERTIFICATE", "KEY"});
  Table table(headings);
  for (const Json& signer : signers) {
    std::vector<Cell> row = {{Text(signer, "name")},
                             {PolicyOfSigner(signer)},
                             {Join(Texts(signer, "users"))},
                             {MechanismsText(signer)}};
    if (wide) {
      row.push_back({Flag(signer, "certificate") ? "yes" : "no"});
      row.push_back({Text(signer, "key")});
    }
    table.Add(std::move(row));
  }
  return table.Render(colour);
}

std::string SignerBlock(const Json& signer, bool colour) {
  const bool governed = !Text(signer, "policy").empty();
  Block block;
  block.Add("Signer", Text(signer, "name"), Colour::kBold);
  block.Add("Policy", governed ? Text(signer, "policy") : "none: its users sign without a request",
            governed ? Colour::kNone : Colour::kYellow);
  block.Add("Users", Join(Texts(signer, "users")));
  block.Add("Requesters", Join(Texts(signer, "requesters")));
  block.Add("Mechanisms", MechanismsText(signer));
  block.Add("Key", Text(signer, "key"));
  block.Add("Certificate", Flag(signer, "certificate") ? "yes" : "no");
  return block.Render(colour);
}

std::string PolicyTable(const Json& policies, bool wide, bool colour) {
  std::vector<std::string> headings = {"NAME", "MAX-WINDOW", "MAX-SIGNINGS", "STEPS"};
  if (wide) headings.insert(headings.end(), {"REQUEST-TTL", "SELF-APPROVAL"});
  Table table(headings);
  for (const Json& policy : policies) {
    std::vector<std::string> steps;
    for (const Json& step : List(policy, "steps")) {
      steps.push_back(wide ? StepText(step) : Text(step, "name"));
    }
    std::vector<Cell> row = {{Text(policy, "name")},
                             {MaxWindowText(policy)},
                             {MaxSigningsText(policy)},
                             {Join(steps, wide ? "; " : ", ")}};
    if (wide) {
      row.push_back({Text(policy, "max_request_ttl")});
      row.push_back({Flag(policy, "self_approval") ? "yes" : "no"});
    }
    table.Add(std::move(row));
  }
  return table.Render(colour);
}

std::string PolicyBlock(const Json& policy, bool colour) {
  std::vector<std::string> steps;
  for (const Json& step : List(policy, "steps")) {
    steps.push_back(fmt::format("{}. {}{}", steps.size() + 1, Sanitise(StepText(step)),
                                Flag(step, "notify") ? " (notified)" : ""));
  }
  Block block;
  block.Add("Policy", Text(policy, "name"), Colour::kBold);
  block.Add("Longest window", MaxWindowText(policy));
  block.Add("Most signings", MaxSigningsText(policy));
  block.Add("Requests expire", "after " + Text(policy, "max_request_ttl"));
  block.Add("Self-approval", Flag(policy, "self_approval") ? "yes" : "no: four eyes");
  block.Add("Machine identities",
            Flag(policy, "bypass_machine_identities") ? "need no approval" : "need approval");
  const int64_t characters = Number(policy, "min_justification");
  block.Add("Justification",
            characters == 0 ? "" : fmt::format("at least {} characters", characters));
  block.Add("Hours", HoursText(policy));
  block.Add("Requesters", Join(Texts(policy, "requesters")));
  block.Add("Steps", Join(steps, "\n"));
  return block.Render(colour);
}

std::string RulesText(const Json& rules, bool wide, bool colour, Instant now) {
  const std::string by = Text(rules, "applied_by");
  Block block;
  block.Add("Version", std::to_string(Number(rules, "version")), Colour::kBold);
  block.Add("Applied", by.empty()
                           ? "never"
                           : fmt::format("by {}, {}", by, Exact(Text(rules, "applied_at"), now)));
  std::string text = block.Render(colour);
  const Json& users = List(rules, "users");
  const Json& groups = List(rules, "groups");
  const Json& policies = List(rules, "policies");
  const Json& signers = List(rules, "signers");
  if (!users.empty()) text += Section("Users", UserTable(users, colour), colour);
  if (!groups.empty()) text += Section("Groups", GroupTable(groups, colour), colour);
  if (!policies.empty()) text += Section("Policies", PolicyTable(policies, wide, colour), colour);
  if (!signers.empty()) text += Section("Signers", SignerTable(signers, wide, colour), colour);
  return text;
}

}  // namespace grant::ctl
