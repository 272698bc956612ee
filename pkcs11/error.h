// Errors of the module: the CK_RV for the program, and a message and a hint for the person.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"

namespace grant::pkcs11 {

// What the person at the terminal reads of an error.
enum class Tell {
  kNothing,  // the program made a mistake, or asked for what is not there: the log alone has it
  kRefused,  // "grant-pkcs11: refused: ..." on stderr
  kFailed,   // "grant-pkcs11: failed: ..." on stderr
};

struct Error {
  CK_RV rv = CKR_GENERAL_ERROR;
  std::string message;
  std::string hint;
  Tell tell = Tell::kNothing;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(CK_RV rv, std::string message = {}) {
  return tl::unexpected<Error>(Error{rv, std::move(message), {}, Tell::kNothing});
}

inline tl::unexpected<Error> Refuse(CK_RV rv, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{rv, std::move(message), std::move(hint), Tell::kRefused});
}

}  // namespace grant::pkcs11
