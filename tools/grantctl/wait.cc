#include "tools/grantctl/wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/grantctl/request_view.h"

namespace grant::ctl {
namespace {

bool IsOpen(const Json& request) {
  return Text(request, "status") == "open";
}

}  // namespace

bool Patience::Pause() {
  std::chrono::milliseconds interval = kPollInterval;
  if (limit_) interval = std::min<std::chrono::milliseconds>(interval, *limit_ - spent_);
  if (!context_.around.pause(interval)) return false;
  spent_ += interval;
  return true;
}

Outcome<Json> Patience::Ask(
    const std::function<Outcome<Json>(std::chrono::seconds timeout)>& call) {
  std::chrono::seconds timeout = kCallTimeout;
  if (limit_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*limit_ - spent_);
    timeout = std::clamp(left, std::chrono::seconds(1), timeout);
  }
  const auto begun = std::chrono::steady_clock::now();
  Outcome<Json> answer = call(timeout);
  // An answer that comes at once costs nothing.
  spent_ += std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  if (answer) failures_ = 0;
  return answer;
}

bool Patience::Bears(const Failure& failure) {
  if (!IsAway(failure)) return false;
  if (++failures_ == 1) Note(context_, failure.message + "; still trying");
  return limit_ || failures_ <= kUnreachablePollsMax;
}

Outcome<Waited> WaitForDecision(Context& context, Json request, Patience& patience,
                                const std::string& interruption) {
  const std::string id = Text(request, "id");
  std::string told;
  while (IsOpen(request)) {
    const std::string waiting = WaitingText(request);
    if (waiting != told) {
      if (told.empty()) Note(context, fmt::format("waiting for {}; Ctrl-C {}", id, interruption));
      Note(context, "waiting for " + waiting);
      told = waiting;
    }
    if (patience.IsOver()) return Waited{std::move(request), Exit::kPending};
    if (!patience.Pause()) return Waited{std::move(request), Exit::kPending, true};
    Outcome<Json> seen = patience.Ask([&](std::chrono::seconds timeout) {
      return context.client.Get(RequestPath(id), {}, timeout);
    });
    if (seen) {
      request = *std::move(seen);
    } else if (!patience.Bears(seen.error())) {
      return tl::make_unexpected(std::move(seen).error());
    }
  }
  const bool approved = Text(request, "status") == "approved";
  return Waited{std::move(request), approved ? Exit::kOk : Exit::kRefused};
}

Outcome<Waited> WaitForDecision(Context& context, Json request,
                                std::optional<std::chrono::seconds> timeout,
                                const std::string& interruption) {
  Patience patience(context, timeout);
  return WaitForDecision(context, std::move(request), patience, interruption);
}

}  // namespace grant::ctl
