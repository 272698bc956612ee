// What would become of a request, without filing it.
#include "grantd/workflow/lookups.h"
#include "grantd/workflow/workflow.h"

namespace grant {

Result<Forecast> Workflow::TestPolicy(const Identity& caller, const Wish& wish,
                                      const std::optional<Principal>& as) {
  const bool for_itself = !as || *as == caller.principal;
  if (!for_itself) GRANT_CHECK(RequireOverseer(caller));
  if (as && as->scheme().ends_with("group")) {
    return Fail(Code::kInvalid, "'" + as->text() + "' is a group, and requests are filed by users",
                "name one of its members");
  }
  GRANT_TRY(const grant::Rules visible, VisibleRules(caller));
  if (visible.FindSigner(wish.signer) == nullptr) {
    return Fail(Code::kNotFound, "there is no signer '" + wish.signer + "' that you may see",
                "grantctl signer list");
  }
  grant::Rules rules;
  GRANT_CHECK(store_.Read([&](Tables& tables) -> Status {
    GRANT_TRY(RulesVersion current, tables.CurrentRules());
    rules = std::move(current.rules);
    return {};
  }));
  Identity requester = caller;
  if (!for_itself) {
    GRANT_TRY(auto groups, surroundings_.groups_of(*as));
    requester = {*as, std::move(groups)};
  }
  const ForecastLookups lookups{Remembering(surroundings_.members_of), surroundings_.zone_of,
                                surroundings_.auditors};
  return Foresee(wish, rules, requester, now(), lookups);
}

}  // namespace grant
