#include "grantd/config/notify_toml.h"

#include <fmt/format.h>

#include <utility>

#include "grantd/domain/email_address.h"

namespace grant {
namespace {

void ReadSpan(TomlTable& table, std::string_view key, Duration& span) {
  span = table.Span(key).value_or(span);
}

void ReadTimeout(TomlTable& table, Duration& timeout) {
  ReadSpan(table, "timeout", timeout);
  if (timeout > kNotifyTimeoutMax) {
    table.Reject("timeout", fmt::format("is more than {}, and the other channel waits meanwhile",
                                        FormatDuration(kNotifyTimeoutMax)));
  }
}

std::string PathOrNone(TomlTable& table, std::string_view key) {
  return table.StringOr(key, "").empty() ? std::string() : table.AbsolutePath(key);
}

Result<RetrySettings> ReadRetry(TomlTable& table) {
  RetrySettings retry;
  ReadSpan(table, "retry_first", retry.first);
  ReadSpan(table, "retry_longest", retry.longest);
  ReadSpan(table, "give_up", retry.give_up);
  if (retry.longest < retry.first) {
    table.Reject("retry_longest", "is shorter than retry_first, " + FormatDuration(retry.first));
  }
  if (retry.give_up < retry.longest) {
    table.Reject("give_up", "is shorter than retry_longest, " + FormatDuration(retry.longest));
  }
  GRANT_CHECK(table.Finish());
  return retry;
}

Result<WebhookSettings> ReadWebhook(TomlTable table) {
  WebhookSettings webhook;
  webhook.url = table.String("url");
  webhook.secret_file = table.AbsolutePath("secret_file");
  webhook.ca_file = PathOrNone(table, "ca_file");
  ReadTimeout(table, webhook.timeout);
  if (const auto url = ParseWebhookUrl(webhook.url); !webhook.url.empty() && !url) {
    table.Reject("url", url.error());
  }
  GRANT_CHECK(table.Finish());
  return webhook;
}

// TLS is the rule; on the way to a mail server on this machine there is nobody to listen.
void ReadStartTls(TomlTable& table, const NotifyUrl& url, MailSettings& mail) {
  const bool implicit_tls = url.scheme == "smtps";
  if (implicit_tls && table.Has("starttls")) {
    table.Reject("starttls", "does not go with smtps://, which is TLS from the beginning",
                 "leave it out");
  }
  mail.starttls = table.BoolOr("starttls", !implicit_tls && !url.loopback);
  if (!mail.username.empty() && !implicit_tls && !mail.starttls && !url.loopback) {
    table.Reject("starttls", "is false, so the password would be sent in the clear",
                 "leave out starttls, or username and password_file");
  }
}

Result<MailSettings> ReadMail(TomlTable table) {
  MailSettings mail;
  mail.url = table.String("url");
  mail.from = table.String("from");
  mail.username = table.StringOr("username", "");
  mail.password_file = PathOrNone(table, "password_file");
  mail.ca_file = PathOrNone(table, "ca_file");
  ReadTimeout(table, mail.timeout);
  if (const Status from = CheckEmailAddress(mail.from); !mail.from.empty() && !from) {
    table.Reject("from", from.error());
  }
  if (mail.username.empty() != mail.password_file.empty()) {
    table.Reject(mail.username.empty() ? "password_file" : "username",
                 "needs the other one of username and password_file");
  }
  const auto url = ParseMailUrl(mail.url);
  if (!url && !mail.url.empty()) table.Reject("url", url.error());
  ReadStartTls(table, url.value_or(NotifyUrl()), mail);
  GRANT_CHECK(table.Finish());
  return mail;
}

}  // namespace

Result<NotifySettings> ReadNotify(TomlTable table) {
  const bool has_webhook = table.Has("webhook");
  const bool has_mail = table.Has("smtp");
  TomlTable webhook = table.Table("webhook");
  TomlTable mail = table.Table("smtp");
  NotifySettings settings;
  GRANT_TRY(settings.retry, ReadRetry(table));
  if (has_webhook) {
    GRANT_TRY(settings.webhook, ReadWebhook(std::move(webhook)));
  }
  if (has_mail) {
    GRANT_TRY(settings.mail, ReadMail(std::move(mail)));
  }
  return settings;
}

}  // namespace grant
