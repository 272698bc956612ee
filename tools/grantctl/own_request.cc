#include "tools/grantctl/own_request.h"

#include <openssl/rand.h>

#include <array>

#include "grant/bytes.h"
#include "tools/grantctl/request_view.h"

namespace grant::ctl {
namespace {

// Nobody else files under it.
Outcome<std::string> NewKey() {
  std::array<uint8_t, 16> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return Failed(Exit::kFailed, "OpenSSL has no random bytes");
  }
  return "grantctl-" + Hex(random);
}

Failure MayBeFiled(Failure failure) {
  failure.hint =
      "a request may have been filed all the same: grantctl request list --status open shows it, "
      "grantctl request cancel ID takes it back";
  return failure;
}

}  // namespace

Outcome<Json> FileOwn(Context& context, const Wish& wish, Patience& patience) {
  GRANT_TRY(Json body, RequestBody(context, wish));
  body["new"] = true;
  GRANT_TRY(const std::string key, NewKey());
  bool uncertain = false;
  while (true) {
    Outcome<Json> filed = patience.Ask([&](std::chrono::seconds timeout) {
      return context.client.PostOnce(RequestPath(), body, key, timeout);
    });
    if (filed) return filed;
    uncertain = uncertain || filed.error().uncertain;
    // A grantd that was never there has filed nothing.
    if (!uncertain || !IsAway(filed.error())) return filed;
    if (!patience.Bears(filed.error()) || patience.IsOver() || !patience.Pause()) {
      return tl::unexpected<Failure>(MayBeFiled(std::move(filed).error()));
    }
  }
}

TakenBack TakeBack(Context& context, const std::string& id, const std::string& comment) {
  TakenBack taken;
  for (int poll = 0; poll < kPartingPollsMax; ++poll) {
    if (poll > 0 && !context.around.pause(kPollInterval)) break;
    const auto cancelled = context.client.Post(RequestPath(id, "/cancel"), {{"comment", comment}});
    if (cancelled) return {true, {}, {}};
    const auto now = context.client.Get(RequestPath(id));
    if (now && Text(*now, "status") != "open") return {true, Text(*now, "grant_id"), {}};
    taken.fault = (now ? cancelled : now).error().message;
    if (!IsAway((now ? cancelled : now).error())) break;
  }
  return taken;
}

}  // namespace grant::ctl
