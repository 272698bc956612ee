// Conditions of a grant beyond holder, window, count and content: what grantd has to observe of
// whoever signs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/principal.h"

namespace grant {

enum class ScopeKey { kUser, kProgram };

struct Scope {
  ScopeKey key = ScopeKey::kUser;
  std::string value;  // the text of a user's principal; the absolute path of an executable

  // "user=unix:alice" or "program=/usr/bin/openssl". A key that is unknown, or not available yet,
  // is kInvalid: it must never make a grant without that condition.
  static Result<Scope> Parse(std::string_view text);
  std::string text() const;
  bool operator==(const Scope&) const = default;
};

inline constexpr size_t kScopesMax = 32;
inline constexpr size_t kProgramPathBytesMax = 1024;

// Of each key that occurs, one has to name what was observed; a program that grantd cannot see is
// none that is named.
bool Allow(const std::vector<Scope>& scopes, const Principal& user, const std::string& program);

}  // namespace grant
