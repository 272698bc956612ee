// JSON from callers, read strictly: nothing is guessed, skipped or allowed to be there twice.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"

namespace grant::api {

inline constexpr size_t kJsonDepthMax = 16;

// An object of UTF-8 text without NUL, nested at most kJsonDepthMax deep, no key given twice.
Result<nlohmann::json> ParseObject(std::string_view text);

// Reads the members of one object. It borrows the object.
class ObjectReader {
 public:
  // `where` names the object in errors ("window"), empty for the body itself. Any key that is not
  // in `known` is an error that names the nearest one. A member that is null counts as absent.
  static Result<ObjectReader> Open(const nlohmann::json& object, std::string where,
                                   const std::vector<std::string>& known);

  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // Whether the key is there at all. For what narrows a right: null is no way to say "any".
  bool Names(std::string_view key) const;

  // These fail where the key is missing or its value has another type.
  Result<std::string> Text(std::string_view key) const;
  Result<std::vector<std::string>> Texts(std::string_view key) const;
  Result<int64_t> Integer(std::string_view key, int64_t least, int64_t most) const;
  Result<bool> Bool(std::string_view key) const;
  Result<const nlohmann::json*> Object(std::string_view key) const;
  Result<std::vector<const nlohmann::json*>> Objects(std::string_view key) const;

  // "window.from", as errors call it.
  std::string PathOf(std::string_view key) const;

 private:
  ObjectReader(const nlohmann::json& object, std::string where)
      : object_(&object), where_(std::move(where)) {}

  const nlohmann::json* Find(std::string_view key) const;
  Result<const nlohmann::json*> Member(std::string_view key) const;

  const nlohmann::json* object_;
  std::string where_;
};

// An error of a value's own parser, with the key that held the value.
template <typename T>
Result<T> Under(const ObjectReader& reader, std::string_view key, Result<T> parsed) {
  if (!parsed) parsed.error().message = "'" + reader.PathOf(key) + "': " + parsed.error().message;
  return parsed;
}

// An error for a name that is none of the known ones: "unknown key 'signing'", with the hint "did
// you mean 'signings'?" or, where none is near, with the known ones.
Error UnknownName(std::string_view what, std::string_view name,
                  const std::vector<std::string>& known);

}  // namespace grant::api
