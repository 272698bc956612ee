// Who somebody is.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"

namespace grant {

// A named somebody: "scheme:name", for instance "unix:alice", "unix-group:release" or, a group that
// the rules define, "group:security". Unix users and groups that have no name are "unix:#1234".
class Principal {
 public:
  Principal() = default;

  // The scheme is [a-z][a-z0-9-]{0,31}; the name 1 to 128 bytes of printable ASCII without blanks,
  // quotes, commas and backslashes.
  static Result<Principal> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  std::string_view scheme() const { return std::string_view(text_).substr(0, colon_); }
  std::string_view name() const { return std::string_view(text_).substr(colon_ + 1); }
  bool empty() const { return text_.empty(); }
  // 1234 of "unix:#1234": a Unix user without a name.
  std::optional<uint32_t> number() const;

  bool operator==(const Principal& other) const { return text_ == other.text_; }
  auto operator<=>(const Principal& other) const { return text_ <=> other.text_; }

 private:
  std::string text_;
  size_t colon_ = 0;
};

// A caller as the transport vouches for it: itself, and the groups it belongs to outside the rules.
struct Identity {
  Principal principal;
  std::vector<Principal> groups;
  // The Unix user that the kernel vouches for. Names come from the user database, and one may
  // vanish from there or move to somebody else.
  std::optional<uint32_t> uid = std::nullopt;

  // Whether this is who was written down so: the name agrees, and the numbers do as far as they are
  // known. For what one has a right to.
  bool IsRecordedAs(const Principal& name, const std::optional<uint32_t>& number) const;
  // Whether it could be: the name or the number agrees. For what one may not do twice, or for
  // oneself.
  bool MayBeRecordedAs(const Principal& name, const std::optional<uint32_t>& number) const;
  // As people's rights know it. Whoever has no name in the user database belongs to no group there
  // either, whatever the kernel says: rules that are to cover such a user name the number.
  Identity AsPerson() const;

  // Whether `named` is this caller or a group of it.
  bool Is(const Principal& named) const;
  // Whether any of them is.
  bool IsAny(const std::vector<Principal>& named) const;
};

}  // namespace grant
