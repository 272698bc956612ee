// The target of an HTTP request: path and query, percent-decoded strictly.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "grant/error.h"

namespace grant::api {

inline constexpr size_t kQueryKeysMax = 32;

struct Target {
  std::string path;                          // "/v1/requests"
  std::map<std::string, std::string> query;  // a key without '=' has an empty value
};

// Only the origin form ("/path?query") is taken. Refused as kInvalid: broken escapes, control
// characters however written, a fragment, a query key that is empty or given twice, and more than
// kQueryKeysMax keys. '+' stands for itself (RFC 3986).
Result<Target> ParseTarget(std::string_view text);

}  // namespace grant::api
