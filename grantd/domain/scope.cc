#include "grantd/domain/scope.h"

#include <algorithm>

namespace grant {
namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kProgram = "program";
constexpr const char* kHint = "use --scope user=unix:NAME or --scope program=/PATH";

Result<Scope> ParseUser(std::string_view value) {
  GRANT_TRY(const Principal user, Principal::Parse(value));
  if (user.scheme().ends_with("group")) {
    return Fail(Code::kInvalid, "scope 'user' names the group " + user.text(),
                "name one user, as in --scope user=unix:NAME");
  }
  return Scope{ScopeKey::kUser, user.text()};
}

// The kernel names executables by paths without links, "." and "..", so no other can ever match.
bool IsResolvedPath(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return false;
  const std::string framed = std::string(path) + "/";
  return framed.find("//") == std::string::npos && framed.find("/./") == std::string::npos &&
         framed.find("/../") == std::string::npos;
}

Result<Scope> ParseProgram(std::string_view value) {
  if (value.size() > kProgramPathBytesMax) {
    return Fail(Code::kTooLarge, "scope 'program' is longer than " +
                                     std::to_string(kProgramPathBytesMax) + " bytes");
  }
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  if (!printable || !IsResolvedPath(value)) {
    return Fail(Code::kInvalid, "scope 'program' is not the absolute path of an executable",
                "write it without links, as in --scope program=/usr/bin/openssl");
  }
  return Scope{ScopeKey::kProgram, std::string(value)};
}

}  // namespace

Result<Scope> Scope::Parse(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Fail(Code::kInvalid, "'" + std::string(text.substr(0, 64)) + "' is no scope", kHint);
  }
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  if (name == kUser) return ParseUser(value);
  if (name == kProgram) return ParseProgram(value);
  if (name == "host") {
    return Fail(Code::kInvalid, "scope 'host' is not available: grantd serves this host alone",
                kHint);
  }
  return Fail(Code::kInvalid, "unknown scope '" + std::string(name.substr(0, 64)) + "'", kHint);
}

std::string Scope::text() const {
  return std::string(key == ScopeKey::kUser ? kUser : kProgram) + "=" + value;
}

bool Allow(const std::vector<Scope>& scopes, const Principal& user, const std::string& program) {
  const auto allowed = [&scopes](ScopeKey key, const std::string& seen) {
    bool named = false;
    for (const Scope& scope : scopes) {
      if (scope.key != key) continue;
      if (!seen.empty() && scope.value == seen) return true;
      named = true;
    }
    return !named;
  };
  return allowed(ScopeKey::kUser, user.text()) && allowed(ScopeKey::kProgram, program);
}

}  // namespace grant
