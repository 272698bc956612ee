#include "grant/cryptoki/names.h"
#include "grantd/hsm/token.h"

namespace grant {

std::string Describe(const TokenFailure& failure) {
  if (!failure.reason.empty()) return failure.function + ": " + failure.reason;
  return failure.function + " failed: " + cryptoki::ReturnValueName(failure.rv);
}

}  // namespace grant
