// Errors as values: what went wrong, for a program (code) and for a person (message, hint).
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace grant {

// What kind of failure this is. The API maps it to an HTTP status in one place, grantctl to an exit
// code in one place.
enum class Code {
  kInvalid,          // the caller's input is wrong
  kUnauthenticated,  // nobody known is asking
  kForbidden,        // known, but not allowed to
  kNotFound,
  kConflict,     // not in this state, or somebody else was faster
  kStale,        // no longer what the caller said it had seen
  kTooLarge,     // over a documented bound
  kUnavailable,  // the store, the token or grantd cannot serve now
  kTimeout,
  kInternal,
};

// Messages are lower-case sentences without a full stop; a hint, if any, names the command or the
// setting that mends it. Neither ever holds a PIN or a secret.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string hint;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(Code code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

}  // namespace grant

// GRANT_TRY(declaration, expression): declares from the value, or returns the error from the
// enclosing function. GRANT_CHECK(expression): the same where there is no value. Both work for any
// tl::expected, and inside one another's lambdas: hence the counter in the names.
#define GRANT_TRY(declaration, ...) \
  GRANT_TRY_INNER(GRANT_CONCAT(grant_try_, __COUNTER__), declaration, __VA_ARGS__)
#define GRANT_CHECK(...) GRANT_CHECK_INNER(GRANT_CONCAT(grant_check_, __COUNTER__), __VA_ARGS__)

#define GRANT_CONCAT(a, b) GRANT_CONCAT_INNER(a, b)
#define GRANT_CONCAT_INNER(a, b) a##b
#define GRANT_TRY_INNER(name, declaration, ...)                   \
  auto name = (__VA_ARGS__);                                      \
  if (!name) return tl::make_unexpected(std::move(name).error()); \
  declaration = *std::move(name)
#define GRANT_CHECK_INNER(name, ...)                                                           \
  do {                                                                                         \
    if (auto name = (__VA_ARGS__); !name) return tl::make_unexpected(std::move(name).error()); \
  } while (false)
