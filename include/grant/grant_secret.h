// How a grant secret begins, so that it is told from other PINs without knowing any.
#pragma once

#include <string_view>

namespace grant {

inline constexpr std::string_view kGrantSecretPrefix = "gsec_";

}  // namespace grant
