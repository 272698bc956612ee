// Cursors: where the next page of a list begins, as a text that means nothing to anybody else.
#pragma once

#include <optional>
#include <string>

#include "grantd/api/http.h"

namespace grant::api {

// The cursor after the item at `position`, for the list that the request asks for: path and
// filters.
std::string CursorAt(const HttpRequest& request, const std::string& position);

// The position in a cursor; nothing where it was not made for this list.
std::optional<std::string> PositionOf(const HttpRequest& request, const std::string& cursor);

}  // namespace grant::api
