#include "grantd/api/target.h"

#include <optional>
#include <utility>

namespace grant::api {
namespace {

std::optional<unsigned> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

bool IsControl(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

Result<std::string> Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char byte = text[i];
    if (byte == '%') {
      auto high = i + 1 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
      auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
      if (!high || !low)
        return Fail(Code::kInvalid, "the request's target holds a broken %-escape");
      byte = static_cast<char>(*high * 16 + *low);
      i += 2;
    }
    // Nothing that grantd names holds one, and they could forge lines in a log.
    if (IsControl(byte)) {
      return Fail(Code::kInvalid, "the request's target holds a control character");
    }
    out += byte;
  }
  return out;
}

Status ParsePair(std::string_view pair, std::map<std::string, std::string>& query) {
  size_t equals = pair.find('=');
  GRANT_TRY(std::string key, Decode(pair.substr(0, equals)));
  GRANT_TRY(std::string value, equals == std::string_view::npos ? Result<std::string>("")
                                                                : Decode(pair.substr(equals + 1)));
  if (key.empty()) return Fail(Code::kInvalid, "the query holds a value without a key");
  if (query.size() == kQueryKeysMax) {
    return Fail(Code::kInvalid,
                "the query holds more than " + std::to_string(kQueryKeysMax) + " keys");
  }
  if (!query.emplace(key, std::move(value)).second) {
    return Fail(Code::kInvalid, "the query names '" + key + "' twice");
  }
  return {};
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return Fail(Code::kInvalid, "the request's target is not a path");
  }
  if (text.find('#') != std::string_view::npos) {
    return Fail(Code::kInvalid, "the request's target holds a fragment");
  }
  Target target;
  size_t mark = text.find('?');
  GRANT_TRY(target.path, Decode(text.substr(0, mark)));
  if (mark == std::string_view::npos) return target;

  std::string_view rest = text.substr(mark + 1);
  while (!rest.empty()) {
    size_t end = rest.find('&');
    GRANT_CHECK(ParsePair(rest.substr(0, end), target.query));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return target;
}

}  // namespace grant::api
