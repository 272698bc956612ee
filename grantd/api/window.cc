#include "grantd/api/window.h"

#include <nlohmann/json.hpp>

#include "grantd/api/strict_json.h"

namespace grant::api {
namespace {

Result<std::optional<Time>> ReadTime(const ObjectReader& reader, std::string_view key) {
  if (!reader.Has(key)) return std::optional<Time>();
  GRANT_TRY(const std::string text, reader.Text(key));
  GRANT_TRY(const Time time, Under(reader, key, ParseTime(text)));
  return std::optional<Time>(time);
}

}  // namespace

Result<Window> ReadWindow(const nlohmann::json& object) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(object, "window", {"duration", "from", "until"}));
  Window window;
  GRANT_TRY(window.from, ReadTime(reader, "from"));
  GRANT_TRY(window.until, ReadTime(reader, "until"));
  if (reader.Has("duration")) {
    GRANT_TRY(const std::string text, reader.Text("duration"));
    GRANT_TRY(window.duration, Under(reader, "duration", ParseDuration(text)));
  }
  return window;
}

}  // namespace grant::api
