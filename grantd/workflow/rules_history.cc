// The versions of the rules: who changed what, and when.
#include <algorithm>

#include "grantd/workflow/workflow.h"

namespace grant {
namespace {

Result<RulesVersion> VersionOf(Tables& tables, int64_t number) {
  // The rules before any were applied.
  if (number == 0) return RulesVersion();
  GRANT_TRY(auto version, tables.FindRules(number));
  if (version) return *std::move(version);
  return Fail(Code::kNotFound, "there is no version " + std::to_string(number) + " of the rules",
              "grantctl rules history");
}

}  // namespace

Result<RulesVersion> Workflow::Rules(const Identity& caller, std::optional<int64_t> version) {
  GRANT_CHECK(RequireOverseer(caller));
  RulesVersion found;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(found, version ? VersionOf(tables, *version) : tables.CurrentRules());
    return {};
  }));
  return found;
}

Result<std::vector<RulesStep>> Workflow::RulesHistory(const Identity& caller, int64_t before,
                                                      size_t limit) {
  GRANT_CHECK(RequireOverseer(caller));
  std::vector<RulesStep> steps;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const int64_t current, tables.CurrentRulesVersion());
    const int64_t newest = before > 0 ? std::min(before - 1, current) : current;
    if (newest < 1) return {};
    GRANT_TRY(RulesVersion after, VersionOf(tables, newest));
    while (after.version > 0 && steps.size() < limit) {
      GRANT_TRY(RulesVersion earlier, VersionOf(tables, after.version - 1));
      steps.push_back({after.version, after.applied_by, after.applied_at,
                       Difference(earlier.rules, after.rules)});
      after = std::move(earlier);
    }
    return {};
  }));
  return steps;
}

Result<RulesComparison> Workflow::CompareRules(const Identity& caller, std::optional<int64_t> from,
                                               std::optional<int64_t> to) {
  GRANT_CHECK(RequireOverseer(caller));
  RulesComparison comparison;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(const int64_t current, tables.CurrentRulesVersion());
    comparison.to = to.value_or(current);
    comparison.from = from.value_or(std::max<int64_t>(comparison.to - 1, 0));
    GRANT_TRY(const RulesVersion before, VersionOf(tables, comparison.from));
    GRANT_TRY(const RulesVersion after, VersionOf(tables, comparison.to));
    comparison.changes = Difference(before.rules, after.rules);
    return {};
  }));
  return comparison;
}

}  // namespace grant
