// Who is logged in to one token, in this process: a login is of the application, not of a session.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "grant/wipe.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// The longest PIN that a token here says it takes, and that is looked at.
inline constexpr size_t kPinBytesMax = 255;

class Login {
 public:
  ~Login() { Clear(); }

  bool logged_in() const {
    std::lock_guard lock(mutex_);
    return logged_in_;
  }

  // The grant secret given as the PIN, or nothing.
  std::string secret() const {
    std::lock_guard lock(mutex_);
    return secret_;
  }

  // False where somebody was faster. `secret` may be empty.
  bool Set(std::string_view secret) {
    std::lock_guard lock(mutex_);
    if (logged_in_) return false;
    logged_in_ = true;
    secret_ = secret;
    return true;
  }

  // For a key that wants a login of its own: the secret given there is the one that counts.
  void Replace(std::string_view secret) {
    std::lock_guard lock(mutex_);
    Wipe(secret_);
    secret_ = secret;
  }

  // False where nobody was logged in.
  bool Clear() {
    std::lock_guard lock(mutex_);
    Wipe(secret_);
    return std::exchange(logged_in_, false);
  }

 private:
  mutable std::mutex mutex_;
  bool logged_in_ = false;
  std::string secret_;
};

}  // namespace grant::pkcs11
