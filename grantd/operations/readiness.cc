#include "grantd/operations/readiness.h"

namespace grant {

std::vector<std::string> WhyNotReady(KeyDirectory& keys, Store& store,
                                     const std::vector<Refusal>& alarms) {
  std::vector<std::string> reasons;
  for (const gate::TokenRecord& token : keys.Describe()) {
    if (!token.present) reasons.push_back("token " + token.name + " is absent");
  }
  if (WriterStalled(store)) {
    reasons.emplace_back("the database takes no writes");
  } else if (store.Writing().failure) {
    reasons.emplace_back("the database cannot be written");
  }
  for (const Refusal& alarm : alarms) {
    reasons.push_back(alarm.cause == Cause::kSealed
                          ? "it is sealed"
                          : "the alarm " + std::string(CauseName(alarm.cause)) + " stands");
  }
  return reasons;
}

}  // namespace grant
