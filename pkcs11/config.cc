#include "pkcs11/config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <numeric>
#include <set>
#include <vector>

#include "grant/gate/protocol.h"

namespace grant::pkcs11 {
namespace {

constexpr size_t kGrantBytesMax = 128;
constexpr size_t kAddressBytesMax = 112;  // "unix:" and what fits into a sockaddr_un

tl::unexpected<Error> Wrong(std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(
      Error{CKR_GENERAL_ERROR, std::move(message), std::move(hint), Tell::kFailed});
}

std::string_view Trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// What is left of a value's line must be nothing or a comment.
bool IsTail(std::string_view text) {
  text = Trim(text);
  return text.empty() || text.front() == '#';
}

Result<std::string> ParseText(std::string_view value) {
  size_t end =
      value.size() < 2 || value.front() != '"' ? std::string_view::npos : value.find('"', 1);
  if (end == std::string_view::npos || !IsTail(value.substr(end + 1))) {
    return Wrong("its value is not of the form \"text\"");
  }
  return std::string(value.substr(1, end - 1));
}

Result<int> ParseNumber(std::string_view value) {
  int number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || !IsTail(value.substr(static_cast<size_t>(end - value.data())))) {
    return Wrong("its value is not a number");
  }
  return number;
}

Status CheckGate(const std::string& gate) {
  if (!gate.starts_with("unix:/") || gate.size() > kAddressBytesMax) {
    return Wrong("'" + gate + "' is not of the form unix:/path",
                 std::string("the default is ") + gate::kDefaultGate);
  }
  return {};
}

Status SetGate(Config& config, std::string_view value) {
  GRANT_TRY(config.gate, ParseText(value));
  return CheckGate(config.gate);
}

Status SetTimeout(Config& config, std::string_view value) {
  GRANT_TRY(int number, ParseNumber(value));
  if (number < kTimeoutMsMin || number > kTimeoutMsMax) {
    return Wrong("it must be from " + std::to_string(kTimeoutMsMin) + " to " +
                 std::to_string(kTimeoutMsMax));
  }
  config.sign_timeout = std::chrono::milliseconds(number);
  return {};
}

Status SetMode(Config& config, std::string_view value) {
  GRANT_TRY(const std::string mode, ParseText(value));
  if (mode != "broker" && mode != "wrap") {
    return Wrong("'" + mode + "' is not a mode", R"(it is "broker" or "wrap")");
  }
  config.mode = mode == "wrap" ? Mode::kWrap : Mode::kBroker;
  return {};
}

Status SetModule(Config& config, std::string_view value) {
  GRANT_TRY(config.module, ParseText(value));
  if (!config.module.starts_with("/")) {
    return Wrong("'" + config.module + "' is not an absolute path");
  }
  return {};
}

// What one line alone does not show.
Status CheckWhole(const Config& config, const std::string& file) {
  if (config.mode == Mode::kWrap && config.module.empty()) {
    return Wrong(file + ": mode = \"wrap\" needs the backing module",
                 "module = \"/usr/lib/softhsm/libsofthsm2.so\", for instance");
  }
  if (config.mode == Mode::kBroker && !config.module.empty()) {
    return Wrong(file + ": module is for mode = \"wrap\" only",
                 "grantd.toml names the backing module of a token that grantd serves");
  }
  return {};
}

struct Key {
  std::string_view name;
  Status (*set)(Config& config, std::string_view value);
};
constexpr Key kKeys[] = {
    {"gate", SetGate}, {"timeout_ms", SetTimeout}, {"mode", SetMode}, {"module", SetModule}};

// Levenshtein's distance: how many characters differ.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string_view NearestKey(std::string_view name) {
  return std::ranges::min(kKeys, {}, [name](const Key& key) { return Distance(name, key.name); })
      .name;
}

Status ParseLine(std::string_view line, Config& config, std::set<std::string_view>& seen) {
  size_t equals = line.find('=');
  if (equals == std::string_view::npos) return Wrong("it is not of the form KEY = VALUE");
  std::string_view name = Trim(line.substr(0, equals)).substr(0, 64);
  const auto* key = std::ranges::find(kKeys, name, &Key::name);
  if (key == std::end(kKeys)) {
    return Wrong("unknown key '" + std::string(name) + "'",
                 "the nearest known key is '" + std::string(NearestKey(name)) + "'");
  }
  if (!seen.insert(key->name).second) return Wrong("'" + std::string(name) + "' stands twice");
  Status set = key->set(config, Trim(line.substr(equals + 1)));
  if (!set) set.error().message.insert(0, std::string(name) + ": ");
  return set;
}

std::string Reason(int error) {
  char text[128];
  return strerror_r(error, text, sizeof text);
}

Result<std::string> ReadConfigFile(const std::string& file, bool named) {
  int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    if (errno == ENOENT && !named) return std::string();
    return Wrong("cannot read " + file + ": " + Reason(errno),
                 named ? "GRANT_PKCS11_CONFIG names this file" : "");
  }
  std::string text(kConfigBytesMax + 1, '\0');
  size_t size = 0;
  ssize_t got = 0;
  while (size < text.size() && (got = read(fd, &text[size], text.size() - size)) != 0) {
    if (got > 0) size += static_cast<size_t>(got);
    if (got < 0 && errno != EINTR) break;
  }
  int error = errno;
  close(fd);
  if (got < 0) return Wrong("cannot read " + file + ": " + Reason(error));
  if (size > kConfigBytesMax) {
    return Wrong(file + " is larger than " + std::to_string(kConfigBytesMax) + " bytes");
  }
  text.resize(size);
  return text;
}

std::string Environment(const char* name) {
  const char* value = secure_getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<Config> ParseConfig(std::string_view text, const std::string& file) {
  Config config;
  config.gate = gate::kDefaultGate;
  std::set<std::string_view> seen;
  for (size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (IsTail(line)) continue;
    Status parsed = ParseLine(line, config, seen);
    if (!parsed) {
      parsed.error().message.insert(0, file + ":" + std::to_string(number) + ": ");
      return tl::make_unexpected(std::move(parsed).error());
    }
  }
  GRANT_CHECK(CheckWhole(config, file));
  return config;
}

Result<Config> LoadConfig() {
  std::string named = Environment("GRANT_PKCS11_CONFIG");
  const std::string file = named.empty() ? kDefaultConfigFile : named;
  GRANT_TRY(std::string text, ReadConfigFile(file, !named.empty()));
  GRANT_TRY(Config config, ParseConfig(text, file));
  if (std::string gate = Environment("GRANTD_GATE"); !gate.empty()) {
    Status valid = CheckGate(gate);
    if (!valid) {
      valid.error().message.insert(0, "GRANTD_GATE: ");
      return tl::make_unexpected(std::move(valid).error());
    }
    config.gate = gate;
  }
  config.grant = Environment("GRANTD_GRANT");
  if (config.grant.size() > kGrantBytesMax)
    return Wrong("GRANTD_GRANT is too long for a grant's ID");
  return config;
}

}  // namespace grant::pkcs11
