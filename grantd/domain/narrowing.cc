#include "grantd/domain/narrowing.h"

#include <algorithm>
#include <string>

#include "grantd/domain/request.h"

namespace grant {
namespace {

template <typename T>
void TakeLesser(std::optional<T>& least, const std::optional<T>& other) {
  if (other) least = least ? std::min(*least, *other) : other;
}

}  // namespace

Status CheckNarrowing(const Request& request, const Narrowing& narrowing) {
  if (narrowing.signings && (*narrowing.signings < 1 || *narrowing.signings > request.signings)) {
    return Fail(Code::kInvalid,
                "request " + request.id + " asks for " + std::to_string(request.signings) +
                    " signatures, and an approval can only leave fewer, not " +
                    std::to_string(*narrowing.signings),
                "approve with --signings 1 to " + std::to_string(request.signings) +
                    ", or reject the request");
  }
  if (!narrowing.window) return {};
  const Window& asked = request.window;
  const Duration longest = asked.duration ? *asked.duration : *asked.until - *asked.from;
  if (*narrowing.window < std::chrono::seconds(1) || *narrowing.window > longest) {
    return Fail(Code::kInvalid,
                "request " + request.id + " asks for a window of " + FormatDuration(longest) +
                    ", and an approval can only leave a shorter one, not " +
                    FormatDuration(*narrowing.window),
                "approve with a --window of at most " + FormatDuration(longest) +
                    ", or reject the request");
  }
  return {};
}

Narrowing NarrowestOf(const Request& request) {
  Narrowing narrowest;
  for (const Decision& decision : request.decisions) {
    if (decision.verdict != Verdict::kApprove) continue;
    TakeLesser(narrowest.signings, decision.narrowing.signings);
    TakeLesser(narrowest.window, decision.narrowing.window);
  }
  return narrowest;
}

}  // namespace grant
