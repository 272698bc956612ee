// The versions of the rules.
#include <algorithm>
#include <charconv>

#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/page.h"
#include "grantd/api/response.h"

namespace grant::api {
namespace {

// Each takes reading a whole version of the rules.
constexpr size_t kVersionsAtOnceMax = 100;

Result<int64_t> ParseVersion(const std::string& text, int64_t least) {
  int64_t version = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc() && end == text.data() + text.size() && version >= least) return version;
  return Fail(Code::kInvalid, "'" + text.substr(0, 64) + "' is not the number of a version",
              "grantctl rules history lists them");
}

Result<std::optional<int64_t>> ReadVersion(const Call& call, const std::string& key) {
  GRANT_TRY(const auto text, ReadQuery(call, key));
  if (!text) return std::optional<int64_t>();
  GRANT_TRY(const int64_t version, ParseVersion(*text, 0));
  return std::optional<int64_t>(version);
}

Json StepJson(const RulesStep& step) {
  return {{"version", step.version},
          {"applied_by", step.applied_by.text()},
          {"applied_at", FormatTime(step.applied_at)},
          {"changes", step.changes}};
}

}  // namespace

Result<HttpResponse> ShowRulesVersion(const Services& services, const Call& call) {
  GRANT_TRY(const int64_t version, ParseVersion(call.name, 1));
  GRANT_TRY(const RulesVersion found, services.workflow.Rules(call.caller(), version));
  return Answer(RulesJson(found));
}

Result<HttpResponse> RulesHistory(const Services& services, const Call& call) {
  GRANT_TRY(const size_t wanted, ReadLimit(call));
  const size_t limit = std::min(wanted, kVersionsAtOnceMax);
  GRANT_TRY(const auto before, ReadNumericCursor(call));
  GRANT_TRY(const auto steps, services.workflow.RulesHistory(call.caller(), before, limit + 1));
  return PageOf(
      call, steps.size(), limit, [&](size_t i) { return StepJson(steps[i]); },
      [&](size_t i) { return std::to_string(steps[i].version); });
}

Result<HttpResponse> CompareRules(const Services& services, const Call& call) {
  GRANT_TRY(const auto from, ReadVersion(call, "from"));
  GRANT_TRY(const auto to, ReadVersion(call, "to"));
  GRANT_TRY(const RulesComparison comparison,
            services.workflow.CompareRules(call.caller(), from, to));
  return Answer(
      {{"from", comparison.from}, {"to", comparison.to}, {"changes", comparison.changes}});
}

}  // namespace grant::api
