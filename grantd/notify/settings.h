// Where notifications go, as grantd.toml says.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "grant/error.h"
#include "grantd/domain/time.h"

namespace grant {

inline constexpr Duration kNotifyTimeoutMax = std::chrono::seconds(60);

struct WebhookSettings {
  std::string url;
  std::string secret_file;  // read before each message
  std::string ca_file;      // empty: the system's certificate authorities
  Duration timeout = std::chrono::seconds(10);
};

struct MailSettings {
  std::string url;
  std::string from;
  std::string username;       // empty: no authentication
  std::string password_file;  // read before each message
  std::string ca_file;
  bool starttls = true;  // for smtp://: required, or not used at all
  Duration timeout = std::chrono::seconds(10);
};

struct RetrySettings {
  Duration first = std::chrono::seconds(5);
  Duration longest = std::chrono::hours(1);
  Duration give_up = std::chrono::hours(24);  // from when the message was queued
};

struct NotifySettings {
  std::optional<WebhookSettings> webhook;
  std::optional<MailSettings> mail;
  RetrySettings retry;

  bool any() const { return webhook || mail; }
};

// What matters of a URL.
struct NotifyUrl {
  std::string scheme;
  std::string receiver;  // scheme, host and port: what may be shown to people and logged
  bool loopback = false;
};

// http:// or https://, with path and query, without user or password.
Result<NotifyUrl> ParseWebhookUrl(const std::string& url);
// smtp:// or smtps://, with host and port alone.
Result<NotifyUrl> ParseMailUrl(const std::string& url);

}  // namespace grant
