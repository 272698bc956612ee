#include "grantd/operations/readiness.h"

namespace grant {

std::vector<std::string> WhyNotReady(KeyDirectory& keys, Store& store, Guard& guard) {
  std::vector<std::string> reasons;
  for (const gate::TokenRecord& token : keys.Describe()) {
    if (!token.present) reasons.push_back("token " + token.name + " is absent");
  }
  if (WriterStalled(store)) {
    reasons.emplace_back("the database takes no writes");
  } else if (store.Writing().failure) {
    reasons.emplace_back("the database cannot be written");
  }
  for (const Refusal& alarm : guard.Alarms()) {
    reasons.push_back("the alarm " + std::string(CauseName(alarm.cause)) + " stands");
  }
  return reasons;
}

}  // namespace grant
