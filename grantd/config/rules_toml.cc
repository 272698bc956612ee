#include "grantd/config/rules_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "grantd/config/certificate_file.h"
#include "grantd/config/nearest_name.h"
#include "grantd/config/toml_reader.h"
#include "grantd/domain/email_address.h"
#include "grantd/domain/key_audit.h"
#include "grantd/domain/request.h"
#include "grantd/hsm/token.h"

namespace grant {
namespace {

using Files = std::map<std::string, std::string>;

constexpr uint32_t kRequiredMax = 64;

template <typename T, typename Read>
Result<std::vector<T>> ReadAll(std::vector<TomlTable> tables, const Read& read) {
  std::vector<T> items;
  for (TomlTable& table : tables) {
    GRANT_TRY(T item, read(table));
    items.push_back(std::move(item));
  }
  return items;
}

void RequireAny(TomlTable& table, std::string_view key, const std::vector<Principal>& people) {
  if (people.empty() && !table.Has(key)) {
    table.Reject(key, "is missing", fmt::format("add {} = [\"unix:NAME\"]", key));
  }
}

Result<User> ReadUser(TomlTable& table) {
  User user;
  const std::string name = table.String("name");
  const std::string kind = table.StringOr("kind", Name(UserKind::kPerson));
  user.email = table.StringOr("email", "");
  auto principal = Principal::Parse(name);
  if (!principal) {
    table.Reject("name", principal.error());
  } else {
    user.principal = *std::move(principal);
  }
  const auto known = UserKindByName(kind);
  if (!known) {
    const std::vector<std::string> kinds = {Name(UserKind::kPerson), Name(UserKind::kMachine)};
    table.Reject("kind", fmt::format("is '{}', which is no kind of user", kind),
                 NearestNameHint(kind, kinds));
  }
  user.kind = known.value_or(UserKind::kPerson);
  if (const Status email = CheckEmailAddress(user.email); !user.email.empty() && !email) {
    table.Reject("email", email.error());
  }
  GRANT_CHECK(table.Finish());
  return user;
}

Result<Group> ReadGroup(TomlTable& table) {
  Group group{.name = table.Name("name"), .members = table.Principals("members")};
  RequireAny(table, "members", group.members);
  for (const Principal& member : group.members) {
    if (member.scheme() == "group") {
      table.Reject("members", fmt::format("names '{}', but groups do not nest", member.text()),
                   "name the members of that group instead");
    }
  }
  GRANT_CHECK(table.Finish());
  return group;
}

Result<Step> ReadStep(TomlTable& table) {
  Step step{.name = table.StringOr("name", ""),
            .approvers = table.Principals("approvers"),
            .required = table.Count("required", 1, kRequiredMax).value_or(1),
            .notify = table.BoolOr("notify", false)};
  RequireAny(table, "approvers", step.approvers);
  GRANT_CHECK(table.Finish());
  return step;
}

WeeklyHours ReadHours(TomlTable& table) {
  WeeklyHours hours;
  for (const std::string& text : table.Strings("hours")) {
    auto span = WeeklySpan::Parse(text);
    if (!span) {
      table.Reject("hours", span.error());
      break;
    }
    hours.spans.push_back(*span);
  }
  hours.time_zone = table.StringOr("time_zone", "");
  return hours;
}

Result<Policy> ReadPolicy(TomlTable& table) {
  Policy policy;
  policy.name = table.Name("name");
  policy.max_window = table.Span("max_window");
  policy.max_signings = table.Count("max_signings", 1, kSigningsMax);
  policy.max_request_ttl = table.Span("max_request_ttl").value_or(policy.max_request_ttl);
  policy.self_approval = table.BoolOr("self_approval", policy.self_approval);
  policy.unbounded = table.BoolOr("unbounded", policy.unbounded);
  policy.bypass_machine_identities = table.BoolOr("bypass_machine_identities", false);
  policy.min_justification = table.Count("min_justification", 1, kMinJustificationMax).value_or(0);
  policy.hours = ReadHours(table);
  policy.requesters = table.Principals("requesters");
  std::vector<TomlTable> steps = table.Tables("step");
  GRANT_CHECK(table.Finish());
  GRANT_TRY(policy.steps, ReadAll<Step>(std::move(steps), ReadStep));
  for (size_t i = 0; i < policy.steps.size(); ++i) {
    if (policy.steps[i].name.empty()) policy.steps[i].name = fmt::format("Step {}", i + 1);
  }
  return policy;
}

std::string ReadKey(TomlTable& table) {
  std::string key = table.String("key");
  if (key.empty()) return key;
  if (const auto selector = ParseKeyUri(key); !selector) table.Reject("key", selector.error());
  return key;
}

std::string ReadCertificate(TomlTable& table, const Files& files) {
  const std::string name = table.StringOr("certificate", "");
  if (name.empty()) return {};
  const auto file = files.find(name);
  if (file == files.end()) {
    table.Reject("certificate", fmt::format("names the file '{}', which was not sent along", name),
                 "put it beside the rules file");
    return {};
  }
  auto certificates = ReadCertificates(file->second);
  if (certificates) return *std::move(certificates);
  table.Reject("certificate",
               fmt::format("names the file '{}', which {}", name, certificates.error().message),
               certificates.error().hint);
  return {};
}

std::vector<std::string> ReadMechanisms(TomlTable& table) {
  std::vector<std::string> names = table.Strings("mechanisms");
  for (const std::string& name : names) {
    if (cryptoki::MechanismByName(name)) continue;
    std::vector<std::string> known;
    for (const cryptoki::MechanismFacts& facts : cryptoki::SigningMechanisms()) {
      known.push_back(cryptoki::MechanismName(facts.type));
    }
    table.Reject("mechanisms", fmt::format("names '{}', which is no signing mechanism", name),
                 NearestNameHint(name, known));
  }
  return names;
}

std::vector<std::string> ReadAcknowledged(TomlTable& table) {
  std::vector<std::string> names = table.Strings("acknowledge");
  const std::span<const std::string_view> known = FindingNames();
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    table.Reject("acknowledge",
                 fmt::format("names '{}', which is no finding of the key audit", name),
                 NearestNameHint(name, {known.begin(), known.end()}));
  }
  return names;
}

Result<Signer> ReadSigner(TomlTable& table, const Files& files) {
  Signer signer;
  signer.name = table.Name("name");
  signer.key = ReadKey(table);
  signer.certificate = ReadCertificate(table, files);
  if (!table.StringOr("policy", "").empty()) signer.policy = table.Name("policy");
  signer.users = table.Principals("users");
  RequireAny(table, "users", signer.users);
  signer.requesters = table.Principals("requesters");
  signer.mechanisms = ReadMechanisms(table);
  signer.acknowledged = ReadAcknowledged(table);
  GRANT_CHECK(table.Finish());
  return signer;
}

// Where in the file the tables stand.
struct Lines {
  using Of = std::vector<int64_t>;
  Of users, groups, policies, signers;
  std::vector<Of> steps;  // by policy

  static Of Take(const std::vector<TomlTable>& tables) {
    Of lines;
    lines.reserve(tables.size());
    for (const TomlTable& table : tables) lines.push_back(table.line());
    return lines;
  }

  int64_t At(const RulesFlaw& flaw) const {
    switch (flaw.kind) {
      case RulesFlaw::Kind::kUser:
        return users.at(flaw.index);
      case RulesFlaw::Kind::kGroup:
        return groups.at(flaw.index);
      case RulesFlaw::Kind::kSigner:
        return signers.at(flaw.index);
      case RulesFlaw::Kind::kPolicy:
        break;
    }
    return flaw.step ? steps.at(flaw.index).at(*flaw.step) : policies.at(flaw.index);
  }
};

}  // namespace

Result<Rules> ParseRules(const std::string& text, const std::string& source, const Files& files,
                         const RulesLookups& lookups) {
  GRANT_TRY(const toml::table root, ParseToml(text, source, kRulesBytesMax));
  TomlTable document(root, "", source);
  std::vector<TomlTable> users = document.Tables("user");
  std::vector<TomlTable> groups = document.Tables("group");
  std::vector<TomlTable> policies = document.Tables("policy");
  std::vector<TomlTable> signers = document.Tables("signer");
  GRANT_CHECK(document.Finish());
  Lines lines{
      Lines::Take(users), Lines::Take(groups), Lines::Take(policies), Lines::Take(signers), {}};
  for (TomlTable& policy : policies) lines.steps.push_back(Lines::Take(policy.Tables("step")));
  Rules rules;
  GRANT_TRY(rules.users, ReadAll<User>(std::move(users), ReadUser));
  GRANT_TRY(rules.groups, ReadAll<Group>(std::move(groups), ReadGroup));
  GRANT_TRY(rules.policies, ReadAll<Policy>(std::move(policies), ReadPolicy));
  GRANT_TRY(rules.signers, ReadAll<Signer>(std::move(signers), [&files](TomlTable& table) {
              return ReadSigner(table, files);
            }));
  if (auto flaw = FindFlaw(rules, lookups)) {
    return Fail(flaw->error.code,
                fmt::format("{}:{}: {}", source, lines.At(*flaw), flaw->error.message),
                flaw->error.hint);
  }
  return rules;
}

}  // namespace grant
