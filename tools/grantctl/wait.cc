#include "tools/grantctl/wait.h"

#include <fmt/format.h>

#include "tools/grantctl/request_view.h"

namespace grant::ctl {
namespace {

bool IsOpen(const Json& request) {
  return Text(request, "status") == "open";
}

}  // namespace

Outcome<Waited> WaitForDecision(Context& context, Json request,
                                std::optional<std::chrono::seconds> timeout,
                                const std::string& interruption) {
  const std::string id = Text(request, "id");
  std::string told;
  std::chrono::milliseconds waited(0);
  int unreachable = 0;
  while (IsOpen(request)) {
    const std::string waiting = WaitingText(request);
    if (waiting != told) {
      if (told.empty()) Note(context, fmt::format("waiting for {}; Ctrl-C {}", id, interruption));
      Note(context, "waiting for " + waiting);
      told = waiting;
    }
    if (timeout && waited >= *timeout) return Waited{std::move(request), Exit::kPending};
    std::chrono::milliseconds interval = kPollInterval;
    if (timeout) interval = std::min<std::chrono::milliseconds>(interval, *timeout - waited);
    if (!context.around.pause(interval)) return Waited{std::move(request), Exit::kPending};
    waited += interval;

    Outcome<Json> seen = context.client.Get(RequestPath(id));
    if (seen) {
      unreachable = 0;
      request = *std::move(seen);
      continue;
    }
    if (seen.error().exit != Exit::kUnreachable || ++unreachable > kUnreachablePollsMax) {
      return tl::make_unexpected(std::move(seen).error());
    }
    if (unreachable == 1) Note(context, seen.error().message + "; still trying");
  }
  const bool approved = Text(request, "status") == "approved";
  return Waited{std::move(request), approved ? Exit::kOk : Exit::kRefused};
}

}  // namespace grant::ctl
