#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "grantd/domain/rules.h"

namespace grant {
namespace {

// One thing in the rules as named texts, so that differences are found and shown the same way for
// all.
using Traits = std::vector<std::pair<std::string, std::string>>;

std::string Join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out.empty() ? "none" : out;
}

std::string Join(const std::vector<Principal>& items) {
  std::vector<std::string> texts;
  texts.reserve(items.size());
  for (const Principal& item : items) texts.push_back(item.text());
  return Join(texts);
}

std::string YesNo(bool value) {
  return value ? "yes" : "no";
}

template <typename T>
const std::string& NameOf(const T& item) {
  return item.name;
}
const std::string& NameOf(const User& user) {
  return user.principal.text();
}

Traits TraitsOf(const User& user) {
  return {{"kind", Name(user.kind)}, {"email", user.email.empty() ? "none" : user.email}};
}

Traits TraitsOf(const Group& group) {
  return {{"members", Join(group.members)}};
}

std::string Describe(const Step& step) {
  return "'" + step.name + "' " + std::to_string(step.required) + " of (" + Join(step.approvers) +
         ")" + (step.notify ? " with notification" : "");
}

Traits TraitsOf(const Policy& policy) {
  std::vector<std::string> steps;
  for (const Step& step : policy.steps) steps.push_back(Describe(step));
  return {
      {"max_window", policy.max_window ? FormatDuration(*policy.max_window) : "none"},
      {"max_signings", policy.max_signings ? std::to_string(*policy.max_signings) : "none"},
      {"max_request_ttl", FormatDuration(policy.max_request_ttl)},
      {"self_approval", YesNo(policy.self_approval)},
      {"bypass_machine_identities", YesNo(policy.bypass_machine_identities)},
      {"unbounded", YesNo(policy.unbounded)},
      {"min_justification", std::to_string(policy.min_justification)},
      {"hours", policy.hours.Always() ? "any" : policy.hours.text()},
      {"requesters", policy.requesters.empty() ? "the signer's users" : Join(policy.requesters)},
      {"steps", Join(steps)}};
}

Traits TraitsOf(const Signer& signer) {
  return {{"key", signer.key},
          {"policy", signer.policy.empty() ? "none" : signer.policy},
          {"users", Join(signer.users)},
          {"requesters", signer.requesters.empty() ? "its users" : Join(signer.requesters)},
          {"mechanisms", signer.mechanisms.empty() ? "all" : Join(signer.mechanisms)},
          {"acknowledge", Join(signer.acknowledged)}};
}

template <typename T>
const T* FindByName(const std::vector<T>& items, const std::string& name) {
  for (const T& item : items) {
    if (NameOf(item) == name) return &item;
  }
  return nullptr;
}

void TellAdded(const std::string& title, const Traits& traits, std::vector<std::string>& lines) {
  lines.push_back("+ " + title);
  for (const auto& [name, text] : traits) lines.push_back(fmt::format("+   {}: {}", name, text));
}

void TellChanged(const std::string& title, const Traits& before, const Traits& after,
                 std::vector<std::string>& lines) {
  for (size_t i = 0; i < after.size(); ++i) {
    const auto& [name, text] = after[i];
    if (text == before[i].second) continue;
    lines.push_back(fmt::format("~ {}: {}: {} -> {}", title, name, before[i].second, text));
  }
}

template <typename T>
void Compare(const std::string& kind, const std::vector<T>& before, const std::vector<T>& after,
             std::vector<std::string>& lines) {
  for (const T& old : before) {
    if (FindByName(after, NameOf(old)) == nullptr) {
      lines.push_back(fmt::format("- {} {}", kind, NameOf(old)));
    }
  }
  for (const T& now : after) {
    const std::string title = fmt::format("{} {}", kind, NameOf(now));
    if (const T* old = FindByName(before, NameOf(now))) {
      TellChanged(title, TraitsOf(*old), TraitsOf(now), lines);
    } else {
      TellAdded(title, TraitsOf(now), lines);
    }
  }
}

}  // namespace

std::vector<std::string> Difference(const Rules& before, const Rules& after) {
  std::vector<std::string> lines;
  Compare("user", before.users, after.users, lines);
  Compare("group", before.groups, after.groups, lines);
  Compare("policy", before.policies, after.policies, lines);
  Compare("signer", before.signers, after.signers, lines);
  for (const Signer& now : after.signers) {
    const Signer* old = before.FindSigner(now.name);
    if (old != nullptr && old->certificate != now.certificate) {
      lines.push_back("~ signer " + now.name + ": certificate: " +
                      (now.certificate.empty()    ? "removed"
                       : old->certificate.empty() ? "added"
                                                  : "replaced"));
    }
  }
  return lines;
}

}  // namespace grant
