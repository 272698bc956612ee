// Entity tags (RFC 9110 section 8.8.3), and the precondition If-Match that compares them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"

namespace grant::api {

// The strong tag of an object, given as the JSON text that shows it: the same text, the same tag.
std::string EntityTag(std::string_view json);

// An If-Match field.
class IfMatch {
 public:
  // Without a field everything matches. kInvalid where the field is no list of entity tags.
  static Result<IfMatch> Parse(const std::optional<std::string>& field);

  bool given() const { return given_; }
  // kStale where none of the tags is `tag`, by the strong comparison. `what` names the object,
  // `hint` how to look at it again.
  Status Check(std::string_view tag, const std::string& what, const std::string& hint) const;

 private:
  bool given_ = false;
  bool any_ = false;               // "*"
  std::vector<std::string> tags_;  // the strong ones, for a weak one never matches
};

}  // namespace grant::api
