#include "tools/grantctl/list.h"

#include <algorithm>
#include <utility>

#include "tools/grantctl/watch.h"

namespace grant::ctl {

Outcome<Json> FetchList(Client& client, const std::string& path, Query query,
                        const Paging& paging) {
  int64_t wanted = paging.all ? kListItemsMax : std::clamp<int64_t>(paging.limit, 1, kListItemsMax);
  Json list;
  while (true) {
    query["limit"] = std::to_string(std::min(wanted, kPageItemsMax));
    GRANT_TRY(Json page, client.Get(path, query));
    Json& items = page["items"];
    if (!items.is_array()) return Failed(Exit::kFailed, "grantd's answer is not a list");
    const auto count = static_cast<int64_t>(items.size());
    const std::string next = Text(page, "next");
    if (list.is_null()) {
      list = std::move(page);
    } else {
      for (Json& item : items) list["items"].push_back(std::move(item));
      list["next"] = std::move(page["next"]);
    }
    wanted -= count;
    // A page without items ends the walk whatever it says, so that it cannot go in circles.
    if (next.empty() || wanted <= 0 || count == 0) return list;
    query["cursor"] = next;
  }
}

Outcome<Exit> ShowList(Context& context, const std::string& path, Query query, const Paging& paging,
                       const char* name_key, const std::string& things,
                       const std::function<std::string(const Json& list)>& text) {
  if (const auto since = query.find(kSince); since != query.end()) {
    const auto span = ParseSpan(since->second);
    if (span) since->second = InstantText(context.now - *span);
  }
  if (paging.watch) return WatchList(context, path, query, paging, name_key, things, text);
  GRANT_TRY(const Json list, FetchList(context.client, path, query, paging));
  PrintList(context, list, name_key, things, [&] { return text(list); });
  if (context.format != Format::kJson && !Text(list, "next").empty()) {
    Note(context, "these are the newest " + std::to_string(List(list, "items").size()) +
                      "; --limit N or --all shows more");
  }
  return Exit::kOk;
}

}  // namespace grant::ctl
