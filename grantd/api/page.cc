#include "grantd/api/page.h"

#include <charconv>

#include "grantd/api/cursor.h"
#include "grantd/api/response.h"

namespace grant::api {
namespace {

Error NoCursor() {
  return {Code::kInvalid, "'cursor' is not the 'next' of a page of this list",
          "start without a cursor, and keep the filters from page to page"};
}

}  // namespace

Result<std::optional<std::string>> ReadQuery(const Call& call, const std::string& key) {
  auto found = call.request.query.find(key);
  if (found == call.request.query.end()) return std::optional<std::string>();
  if (found->second.empty()) return Fail(Code::kInvalid, "'" + key + "' in the query is empty");
  return std::optional<std::string>(found->second);
}

Result<size_t> ReadLimit(const Call& call) {
  GRANT_TRY(const auto text, ReadQuery(call, "limit"));
  if (!text) return kPageItemsDefault;
  size_t limit = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 ||
      limit > kPageItemsMax) {
    return Fail(Code::kInvalid,
                "'limit' is not a number from 1 to " + std::to_string(kPageItemsMax));
  }
  return limit;
}

Result<std::optional<Time>> ReadInstant(const Call& call, const std::string& key) {
  GRANT_TRY(const auto text, ReadQuery(call, key));
  if (!text) return std::optional<Time>();
  GRANT_TRY(const Time time, ParseTime(*text));
  return std::optional<Time>(time);
}

Result<std::optional<Principal>> ReadPrincipal(const Call& call, const std::string& key) {
  GRANT_TRY(const auto text, ReadQuery(call, key));
  if (!text) return std::optional<Principal>();
  GRANT_TRY(Principal principal, Principal::Parse(*text));
  return std::optional<Principal>(std::move(principal));
}

Result<std::string> ReadCursor(const Call& call) {
  GRANT_TRY(const auto cursor, ReadQuery(call, "cursor"));
  if (!cursor) return std::string();
  auto position = PositionOf(call.request, *cursor);
  if (!position) return tl::unexpected(NoCursor());
  return *std::move(position);
}

Result<int64_t> ReadNumericCursor(const Call& call) {
  GRANT_TRY(const std::string position, ReadCursor(call));
  if (position.empty()) return 0;
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(position.data(), position.data() + position.size(), number);
  if (error != std::errc() || end != position.data() + position.size() || number < 1) {
    return tl::unexpected(NoCursor());
  }
  return number;
}

HttpResponse PageOf(const Call& call, size_t count, size_t limit,
                    const std::function<Json(size_t)>& item,
                    const std::function<std::string(size_t)>& position) {
  std::string text = R"({"items":[)";
  size_t shown = 0;
  for (; shown < count && shown < limit; ++shown) {
    std::string rendered = item(shown).dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown > 0 && text.size() + rendered.size() > kPageBytesMax) break;
    if (shown > 0) text += ',';
    text += rendered;
  }
  text += R"(],"next":)";
  text += shown < count ? Json(CursorAt(call.request, position(shown - 1))).dump() : "null";
  text += '}';
  return AnswerText(std::move(text));
}

}  // namespace grant::api
