// What the module writes: refusals and failures for the person at the terminal, and on demand a
// line for each call. No line ever holds a PIN, data or a signature.
//
// GRANT_PKCS11_LOG is "debug" (each call, to stderr), "debug:/PATH" (each call, appended to the
// file), or unset (refusals and failures only, to stderr). Refusals and failures go to stderr in
// any case.
#pragma once

#include <string>
#include <string_view>

#include "pkcs11/error.h"

namespace grant::pkcs11 {

// Writes "grant-pkcs11: refused: MESSAGE. hint: HINT" to stderr, or "failed" instead of "refused",
// as the error wants it. One write, no control characters, at most kLineBytesMax, no SIGPIPE;
// dropped where stderr takes nothing at the moment.
inline constexpr size_t kLineBytesMax = 2048;
void TellPerson(const Error& error);

// Any thread may use it.
class Log {
 public:
  // Reads GRANT_PKCS11_LOG. A setting that cannot be followed is told on stderr and otherwise
  // ignored: no signature should fail for want of a log.
  static Log Open();

  Log(Log&& other) noexcept;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  Log& operator=(Log&&) = delete;
  ~Log();

  void Call(const char* function, CK_RV rv, std::string_view message) const;

 private:
  Log(int fd, bool owned) : fd_(fd), owned_(owned) {}
  int fd_;  // -1 where calls are not logged
  bool owned_;
};

}  // namespace grant::pkcs11
