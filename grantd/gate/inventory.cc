#include "grantd/gate/inventory.h"

#include "grantd/gate/refused.h"

namespace grant {

tl::expected<std::shared_ptr<const RulesVersion>, gate::Refused> Inventory::Rules() {
  auto rules = rules_.Get(store_);
  if (!rules) return tl::unexpected(StoreFailing(rules.error()));
  return *std::move(rules);
}

std::vector<gate::TokenRecord> Inventory::Tokens() {
  std::vector<gate::TokenRecord> tokens = keys_.Describe();
  std::erase_if(tokens, [](const gate::TokenRecord& token) { return !WasSeen(token); });
  return tokens;
}

tl::expected<gate::Objects, gate::Refused> Inventory::Objects(const gate::GetObjects& wanted) {
  Token* token = keys_.FindToken(wanted.token);
  if (token == nullptr) return tl::unexpected(NoSuchToken(wanted.token));
  GRANT_TRY(const auto rules, Rules());
  auto objects = keys_.ObjectsFor(*token, wanted.known_version, *rules);
  if (!objects) return tl::unexpected(TokenUnavailable(objects.error()));
  return *std::move(objects);
}

tl::expected<gate::KeyIdentified, gate::Refused> Inventory::Identify(
    const gate::IdentifyKey& seen) {
  GRANT_TRY(const auto rules, Rules());
  auto identified = keys_.Identify(seen, *rules);
  if (!identified) return tl::unexpected(TokenUnavailable(identified.error()));
  return *std::move(identified);
}

}  // namespace grant
