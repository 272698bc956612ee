#include "grantd/gate/group_order.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include <memory>

#include "grant/cryptoki/cryptoki.h"

namespace grant {
namespace {

struct FreeGroup {
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
};

}  // namespace

size_t GroupOrderBits(const TokenObject& key) {
  const auto* parameters = key.Find(CKA_EC_PARAMS);
  if (parameters == nullptr) return 0;
  const unsigned char* der = parameters->value.data();
  const std::unique_ptr<EC_GROUP, FreeGroup> group(
      d2i_ECPKParameters(nullptr, &der, static_cast<long>(parameters->value.size())));
  ERR_clear_error();
  return group ? static_cast<size_t>(EC_GROUP_order_bits(group.get())) : 0;
}

}  // namespace grant
