// Pages of lists: {"items": [...], "next": "..."|null}.
#pragma once

#include <functional>
#include <string>

#include "grantd/api/json.h"
#include "grantd/api/routes.h"

namespace grant::api {

inline constexpr size_t kPageItemsMax = 1000;
inline constexpr size_t kPageItemsDefault = 100;
// A page ends early where its items are large. The first item is always on it.
inline constexpr size_t kPageBytesMax = size_t{4} * 1024 * 1024;

// The query's `limit`.
Result<size_t> ReadLimit(const Call& call);
// A key of the query, or nothing where it is not given; an empty value is an error.
Result<std::optional<std::string>> ReadQuery(const Call& call, const std::string& key);
Result<std::optional<Time>> ReadInstant(const Call& call, const std::string& key);
Result<std::optional<Principal>> ReadPrincipal(const Call& call, const std::string& key);

// The query's `cursor`, which continues a list where its page before ended: the position of the
// last item there, empty for the first page. Refused where this very list, with these filters, gave
// no such cursor.
Result<std::string> ReadCursor(const Call& call);
// The same of lists whose positions are numbers from 1 on; 0 for the first page.
Result<int64_t> ReadNumericCursor(const Call& call);

// `count` items are at hand: more than `limit` of them mean that there is a next page. `item`
// renders one, `position` names its place in an order that never changes, so that what is added or
// removed between two pages makes no other item appear twice or not at all.
HttpResponse PageOf(const Call& call, size_t count, size_t limit,
                    const std::function<Json(size_t)>& item,
                    const std::function<std::string(size_t)>& position);

}  // namespace grant::api
