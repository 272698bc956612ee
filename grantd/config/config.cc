#include "grantd/config/config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <system_error>

#include "grantd/config/notify_toml.h"
#include "grantd/config/toml_reader.h"
#include "grantd/descriptor.h"

namespace grant {
namespace {

constexpr size_t kSocketPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::string ReadAddress(TomlTable& listen, std::string_view key, std::string otherwise) {
  constexpr std::string_view kScheme = "unix:";
  std::string address = listen.StringOr(key, std::move(otherwise));
  if (address.empty()) return address;
  if (!address.starts_with("unix:/") || address.ends_with('/')) {
    listen.Reject(key, fmt::format("is '{}', which is no address to listen at", address),
                  "write it as unix:/absolute/path");
  } else if (address.size() - kScheme.size() > kSocketPathBytesMax) {
    listen.Reject(key,
                  fmt::format("has a path of more than {} bytes, the system's limit for sockets",
                              kSocketPathBytesMax));
  }
  return address;
}

Status ReadListen(TomlTable listen, Config& config) {
  config.api_address = ReadAddress(listen, "api", "unix:/run/grantd/api.sock");
  config.gate_address = ReadAddress(listen, "gate", "unix:/run/grantd/gate.sock");
  if (config.api_address == config.gate_address) {
    listen.Reject("gate", "must not be the address of api as well");
  }
  return listen.Finish();
}

std::string ReadMarkFile(TomlTable& document, const std::string& state_dir) {
  std::string path = document.StringOr("mark_file", state_dir + "/grantd.mark");
  if (!path.starts_with('/') || path.ends_with('/')) {
    document.Reject("mark_file", fmt::format("is '{}', which is no absolute path of a file", path),
                    "write it from the root: /...");
  }
  return path;
}

template <typename T, size_t N>
T OneOf(TomlTable& table, std::string_view key, const std::array<std::pair<const char*, T>, N>& of,
        T otherwise) {
  const std::string given = table.StringOr(key, "");
  std::string names;
  for (const auto& [name, value] : of) {
    if (given == name) return value;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
  }
  if (!given.empty()) table.Reject(key, fmt::format("is '{}', none of: {}", given, names));
  return otherwise;
}

Status ReadLog(TomlTable table, log::Settings& settings) {
  static constexpr std::array<std::pair<const char*, log::Format>, 3> kFormats{
      {{"text", log::Format::kText},
       {"json", log::Format::kJson},
       {"journal", log::Format::kJournal}}};
  static constexpr std::array<std::pair<const char*, log::Level>, 4> kLevels{
      {{"debug", log::Level::kDebug},
       {"info", log::Level::kInfo},
       {"warning", log::Level::kWarning},
       {"error", log::Level::kError}}};
  settings.format = OneOf(table, "format", kFormats, settings.format);
  settings.level = OneOf(table, "level", kLevels, settings.level);
  return table.Finish();
}

std::string ReadBackupDir(TomlTable& document, const std::string& state_dir) {
  std::string path = document.StringOr("backup_dir", state_dir + "/backups");
  if (!path.starts_with('/') || path.ends_with('/')) {
    document.Reject("backup_dir", fmt::format("is '{}', which is no absolute path", path),
                    "write it from the root: /...");
  }
  return path;
}

// A group of the rules would let those who may change the rules make themselves one of them.
void RefuseGroupsOfTheRules(TomlTable& document, std::string_view key,
                            const std::vector<Principal>& named) {
  for (const Principal& one : named) {
    if (one.scheme() != "group") continue;
    document.Reject(
        key,
        fmt::format("names '{}', but groups are of the rules, which admins change", one.text()),
        "name users or Unix groups: unix:NAME, unix-group:NAME");
  }
}

std::vector<Principal> ReadAdmins(TomlTable& document) {
  if (!document.Has("admins")) {
    document.Principals("admins");  // makes the key a known one
    return {*Principal::Parse("unix:root")};
  }
  std::vector<Principal> admins = document.Principals("admins");
  RefuseGroupsOfTheRules(document, "admins", admins);
  return admins;
}

std::vector<Principal> ReadAuditors(TomlTable& document, const std::vector<Principal>& admins) {
  std::vector<Principal> auditors = document.Principals("auditors");
  RefuseGroupsOfTheRules(document, "auditors", auditors);
  for (const Principal& auditor : auditors) {
    if (std::find(admins.begin(), admins.end(), auditor) == admins.end()) continue;
    document.Reject("auditors",
                    fmt::format("names '{}', who is an administrator as well", auditor.text()),
                    "auditors change nothing: name them in one of admins and auditors");
  }
  return auditors;
}

// One of three: a file, a credential of the service manager's, or an administrator who types it in.
void ReadPinSource(TomlTable& table, TokenSettings& token) {
  constexpr std::string_view kUnseal = "unseal";
  const std::string source = table.StringOr("pin_source", "");
  if (!table.StringOr("pin_credential", "").empty()) {
    token.pin_source = PinSource::kCredential;
    token.pin_credential = table.Name("pin_credential");
  }
  if (source.empty() && token.pin_source == PinSource::kFile) {
    token.pin_file = table.AbsolutePath("pin_file");
    return;
  }
  const bool has_file = !table.StringOr("pin_file", "").empty();
  if (!source.empty() && source != kUnseal) {
    table.Reject(
        "pin_source",
        fmt::format("is '{}', and the only other source there is is '{}'", source, kUnseal),
        "or name a file: pin_file, pin_credential");
  } else if (has_file || (!source.empty() && token.pin_source == PinSource::kCredential)) {
    table.Reject(has_file ? "pin_file" : "pin_credential", "is not the only source of the PIN",
                 "keep one of pin_file, pin_credential and pin_source");
  }
  if (!source.empty()) token.pin_source = PinSource::kTyped;
}

Result<TokenSettings> ReadToken(TomlTable& table) {
  TokenSettings token{.name = table.Name("name"),
                      .module = table.AbsolutePath("module"),
                      .uri = table.String("uri"),
                      .pin_file = {},
                      .accept_any_pin = table.BoolOr("accept_any_pin", false)};
  ReadPinSource(table, token);
  token.worker_seccomp = table.BoolOr("worker_seccomp", true);
  if (!token.uri.empty()) {
    if (const auto selector = ParseTokenUri(token.uri); !selector) {
      table.Reject("uri", selector.error());
    }
  }
  token.workers = table.Count("workers", 1, kWorkersMax).value_or(kWorkersDefault);
  token.call_timeout = table.Span("call_timeout").value_or(kCallTimeoutDefault);
  if (token.call_timeout > kCallTimeoutMax) {
    table.Reject("call_timeout", "is more than " + FormatDuration(kCallTimeoutMax));
  }
  GRANT_CHECK(table.Finish());
  return token;
}

Status ReadTokens(std::vector<TomlTable> tables, const std::string& source, Config& config) {
  if (tables.empty() || tables.size() > kTokensMax) {
    return Fail(Code::kInvalid,
                fmt::format("{}: there must be 1 to {} [[token]], not {}", source, kTokensMax,
                            tables.size()),
                "give each [[token]] name, module, uri and pin_file");
  }
  for (TomlTable& table : tables) {
    GRANT_TRY(TokenSettings token, ReadToken(table));
    if (std::any_of(config.tokens.begin(), config.tokens.end(),
                    [&token](const TokenSettings& other) { return other.name == token.name; })) {
      table.Reject("name", fmt::format("is '{}', the name of another [[token]]", token.name));
      return table.Finish();
    }
    config.tokens.push_back(std::move(token));
  }
  return {};
}

Status CheckSafe(const std::string& path, int fd) {
  struct stat file {};
  if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
    return Fail(Code::kInvalid, path + " is not a regular file");
  }
  // Whoever may write it may make themselves an administrator, or choose the module that is loaded.
  if (file.st_uid != geteuid() && file.st_uid != 0) {
    return Fail(
        Code::kInvalid,
        fmt::format("{} belongs to uid {}, not to grantd's user or root", path, file.st_uid),
        "chown root " + path);
  }
  if ((file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Fail(
        Code::kInvalid,
        fmt::format("{} can be written by others (mode {:04o})", path, file.st_mode & 07777),
        "chmod go-w " + path);
  }
  return {};
}

}  // namespace

Result<Config> ParseConfig(const std::string& text, const std::string& source) {
  GRANT_TRY(const toml::table root, ParseToml(text, source, kConfigBytesMax));
  TomlTable document(root, "", source);
  Config config;
  config.file = source;
  config.digest = std::hash<std::string>()(text);
  config.state_dir = document.AbsolutePath("state_dir");
  config.mark_file = ReadMarkFile(document, config.state_dir);
  config.backup_dir = ReadBackupDir(document, config.state_dir);
  config.backups_kept =
      document.Count("backups_kept", 1, kBackupsKeptMax).value_or(config.backups_kept);
  config.admins = ReadAdmins(document);
  config.auditors = ReadAuditors(document, config.admins);
  config.max_open_requests = document.Count("max_open_requests", 1, kOpenRequestsMaxMost)
                                 .value_or(kOpenRequestsMaxDefault);
  if (!document.StringOr("hsm_worker", "").empty()) {
    config.hsm_worker = document.AbsolutePath("hsm_worker");
  }
  TomlTable listen = document.Table("listen");
  config.seccomp = document.BoolOr("seccomp", true);
  TomlTable notify = document.Table("notify");
  TomlTable log = document.Table("log");
  TomlTable limits = document.Table("limits");
  auto tokens = document.Tables("token");
  GRANT_CHECK(document.Finish());
  GRANT_CHECK(ReadListen(std::move(listen), config));
  GRANT_CHECK(ReadTokens(std::move(tokens), source, config));
  GRANT_CHECK(ReadLog(std::move(log), config.log));
  for (TokenSettings& token : config.tokens) token.worker_seccomp &= config.seccomp;
  GRANT_TRY(config.notify, ReadNotify(std::move(notify)));
  GRANT_TRY(config.limits, ReadLimits(std::move(limits)));
  return config;
}

Result<Config> LoadConfig(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kInvalid,
                fmt::format("cannot open {}: {}", path, std::generic_category().message(errno)));
  }
  GRANT_CHECK(CheckSafe(path, file.get()));
  std::string text;
  std::array<char, 16384> chunk{};
  while (text.size() <= kConfigBytesMax) {
    const ssize_t got = read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Fail(Code::kInvalid,
                  fmt::format("cannot read {}: {}", path, std::generic_category().message(errno)));
    }
    if (got == 0) break;
    text.append(chunk.data(), static_cast<size_t>(got));
  }
  return ParseConfig(text, path);
}

}  // namespace grant
