// The module's settings: a small file, and the environment over it.
//
// The file is the one named by GRANT_PKCS11_CONFIG, which must exist then, or
// /etc/grant/pkcs11.conf if it exists. Each line is empty, a comment (#) or KEY = VALUE:
//
//   gate = "unix:/run/grantd/gate.sock"   # where grantd listens
//   timeout_ms = 30000                    # longest wait for a signature, 100 to 600000
//   mode = "broker"                       # "broker": grantd signs; "wrap": the module below does,
//                                         # in this process, after grantd has counted the use
//   module = "/usr/lib/softhsm/libsofthsm2.so"   # the backing module; with mode = "wrap" only
//
// GRANTD_GATE takes the place of gate; GRANTD_GRANT names the one grant to sign under. In a setuid
// program the environment counts for nothing.
//
// A file that is named and missing, unreadable or wrong makes C_Initialize answer CKR_GENERAL_ERROR
// after one line on stderr that names file and line: whoever wrote a setting wants to learn that it
// has no effect, not to sign through another grantd.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "pkcs11/error.h"

namespace grant::pkcs11 {

inline constexpr const char* kDefaultConfigFile = "/etc/grant/pkcs11.conf";
inline constexpr size_t kConfigBytesMax = size_t{64} * 1024;
inline constexpr int kTimeoutMsMin = 100;
inline constexpr int kTimeoutMsMax = 600 * 1000;
inline constexpr std::chrono::milliseconds kListTimeoutMax{5000};

enum class Mode { kBroker, kWrap };

struct Config {
  std::string gate;
  Mode mode = Mode::kBroker;
  std::string module;                             // an absolute path with kWrap, empty with kBroker
  std::string grant;                              // empty: grantd chooses
  std::chrono::milliseconds sign_timeout{30000};  // a login, and what token or grantd compute
  // Everything else: connecting, tokens, objects.
  std::chrono::milliseconds list_timeout() const { return std::min(sign_timeout, kListTimeoutMax); }
};

Result<Config> LoadConfig();

// The settings in `text`, the contents of `file`.
Result<Config> ParseConfig(std::string_view text, const std::string& file);

}  // namespace grant::pkcs11
