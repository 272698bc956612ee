// Lists of any length from an API that answers at most 1000 items at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tools/grantctl/output.h"

namespace grant::ctl {

inline constexpr int64_t kPageItemsMax = 1000;
// The bound of --limit, and of --all.
inline constexpr int64_t kListItemsMax = 1'000'000;

// The key of a query that holds a time, or how long ago that is.
inline constexpr const char* kSince = "since";

struct Paging {
  int64_t limit = 100;
  bool all = false;
  bool watch = false;
};

// The API's list object with the newest `paging.limit` items, following `next` as often as needed;
// its `next` is that of the last page.
Outcome<Json> FetchList(Client& client, const std::string& path, Query query, const Paging& paging);

// Fetches such a list and prints it as PrintList() does, `text` being made from it; says on stderr
// if there are more items. With `paging.watch`, see watch.h.
Outcome<Exit> ShowList(Context& context, const std::string& path, Query query, const Paging& paging,
                       const char* name_key, const std::string& things,
                       const std::function<std::string(const Json& list)>& text);

}  // namespace grant::ctl
