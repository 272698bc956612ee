#include "tools/grantctl/reuse.h"

#include <algorithm>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/list.h"

namespace grant::ctl {
namespace {

bool Includes(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::all_of(some.begin(), some.end(), [&all](const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

// Not a grant for any content where some is named: the command is to sign no other.
bool Covers(const Json& grant, const Json& body) {
  std::vector<std::string> content = Texts(body, "digests");
  for (const Json& file : List(body, "files")) content.push_back(Text(file, "digest"));
  const std::vector<std::string> covered = Texts(grant, "digests");
  const std::vector<std::string> scopes = Texts(body, "scopes");
  const std::vector<std::string> demanded = Texts(grant, "scopes");
  return Number(grant, "max_signings") - Number(grant, "used") >= Number(body, "signings") &&
         covered.empty() == content.empty() && Includes(covered, content) &&
         Includes(demanded, scopes) && Includes(scopes, demanded);
}

// Whether one is to be taken rather than the other; by the instants of their ends.
bool IsBetter(Instant one, Instant other, Instant wished) {
  const bool whole = one >= wished;
  if (whole != (other >= wished)) return whole;
  return whole ? one < other : one > other;
}

}  // namespace

Outcome<Json> FindReusable(Context& context, const Wish& wish) {
  GRANT_TRY(const Json body, RequestBody(context, wish));
  GRANT_TRY(const Json standing, context.client.Get("/v1/whoami"));
  const Query query = {
      {"signer", wish.signer}, {"holder", Text(standing, "principal")}, {"status", "active"}};
  GRANT_TRY(const Json list, FetchList(context.client, "/v1/grants", query, {.all = true}));
  const auto window = ParseSpan(wish.window).value_or(kReuseLeast);
  const Instant least = context.now + std::min<std::chrono::seconds>(window, kReuseLeast);
  Json best;
  for (const Json& grant : List(list, "items")) {
    const auto end = ParseInstant(Text(grant, "not_after"));
    if (!end || *end < least || !Covers(grant, body)) continue;
    const auto best_end = ParseInstant(Text(best, "not_after"));
    if (!best_end || IsBetter(*end, *best_end, context.now + window)) best = grant;
  }
  return best;
}

}  // namespace grant::ctl
