// Grants that are there already.
#pragma once

#include <chrono>

#include "tools/grantctl/output.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {

// A command may be run under a grant that lasts this much longer, however long the window is that
// it asks for.
inline constexpr std::chrono::minutes kReuseLeast{10};

// A grant of the caller's own, usable now, that has as many signatures left as are wished for, is
// for the same content (or more digests) and the same scopes, and lasts for kReuseLeast or the
// wished window, whichever is shorter. Of several: the first to end of those that last for the
// whole window, else the last to end. Null where there is none.
Outcome<Json> FindReusable(Context& context, const Wish& wish);

}  // namespace grant::ctl
