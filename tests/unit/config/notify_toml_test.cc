#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/config/config.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

Result<NotifySettings> Parse(const std::string& notify) {
  GRANT_TRY(const Config config, ParseConfig("state_dir = \"/s\"\n" + notify +
                                                 "\n[[token]]\nname = \"t\"\nmodule = \"/m\"\n"
                                                 "uri = \"pkcs11:token=t\"\npin_file = \"/p\"\n",
                                             "grantd.toml"));
  return config.notify;
}

TEST(NotifyToml, WithoutItNobodyIsNotified) {
  const auto settings = Parse("");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_FALSE(settings->any());
  EXPECT_EQ(settings->retry.first, seconds(5));
  EXPECT_EQ(settings->retry.longest, hours(1));
  EXPECT_EQ(settings->retry.give_up, hours(24));
}

TEST(NotifyToml, TakesAllThatIsSaid) {
  const auto settings = Parse(R"([notify]
retry_first = "1s"
retry_longest = "2s"
give_up = "3h"
[notify.webhook]
url = "https://hooks.example.com/sign?team=1"
secret_file = "/etc/grantd/webhook.secret"
ca_file = "/etc/ssl/own.pem"
timeout = "3s"
[notify.smtp]
url = "smtp://mail.example.com:587"
from = "grantd@example.com"
username = "grantd"
password_file = "/etc/grantd/smtp.password"
ca_file = "/etc/ssl/own.pem"
timeout = "4s"
)");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->retry.first, seconds(1));
  EXPECT_EQ(settings->retry.longest, seconds(2));
  EXPECT_EQ(settings->retry.give_up, hours(3));
  EXPECT_EQ(settings->webhook->url, "https://hooks.example.com/sign?team=1");
  EXPECT_EQ(settings->webhook->secret_file, "/etc/grantd/webhook.secret");
  EXPECT_EQ(settings->webhook->ca_file, "/etc/ssl/own.pem");
  EXPECT_EQ(settings->webhook->timeout, seconds(3));
  EXPECT_EQ(settings->mail->url, "smtp://mail.example.com:587");
  EXPECT_EQ(settings->mail->from, "grantd@example.com");
  EXPECT_EQ(settings->mail->username, "grantd");
  EXPECT_EQ(settings->mail->password_file, "/etc/grantd/smtp.password");
  EXPECT_EQ(settings->mail->timeout, seconds(4));
}

TEST(NotifyToml, StartTlsIsRequiredExceptOnThisMachine) {
  const auto starttls = [](const std::string& url, const std::string& more = "") {
    const auto settings = Parse("[notify.smtp]\nurl = \"" + url + "\"\nfrom = \"a@b\"\n" + more);
    return settings.value().mail->starttls;
  };
  EXPECT_TRUE(starttls("smtp://mail.example.com"));
  EXPECT_TRUE(starttls("smtp://127.0.0.1.example.com"));
  for (const char* here : {"smtp://127.0.0.1:25", "smtp://localhost", "smtp://[::1]:25"}) {
    EXPECT_FALSE(starttls(here)) << here;
    EXPECT_TRUE(starttls(here, "starttls = true")) << here;
  }
  EXPECT_FALSE(starttls("smtp://mail.example.com", "starttls = false"));
}

struct WrongToml {
  const char* notify;
  const char* message;
};

class WrongNotify : public testing::TestWithParam<WrongToml> {};

TEST_P(WrongNotify, IsRefusedWithItsLine) {
  const auto settings = Parse(GetParam().notify);
  ASSERT_FALSE(settings) << GetParam().notify;
  EXPECT_EQ(settings.error().code, Code::kInvalid);
  EXPECT_THAT(settings.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongNotify,
    testing::Values(
        WrongToml{"notify = 1", "grantd.toml:2: 'notify' must be the table [notify]"},
        WrongToml{"[notify]\nretry = \"5s\"", "grantd.toml:3: unknown key 'retry' in [notify]"},
        WrongToml{"[notify.webhok]", "unknown key 'webhok' in [notify]"},
        WrongToml{"[notify]\nretry_first = \"2h\"",
                  "'retry_longest' is shorter than retry_first, 2h"},
        WrongToml{"[notify]\ngive_up = \"1m\"", "grantd.toml:3: 'give_up' is shorter than"},
        WrongToml{"[notify.webhook]\nurl = \"https://h\"",
                  "[notify.webhook]: 'secret_file' is missing"},
        WrongToml{"[notify.webhook]\nsecret_file = \"/s\"", "'url' is missing"},
        WrongToml{"[notify.webhook]\nurl = \"https://h\"\nsecret_file = \"s\"",
                  "grantd.toml:4: 'secret_file' is 's', which is no absolute path"},
        WrongToml{"[notify.webhook]\nurl = \"https://h\"\nsecret_file = \"/s\"\nsecret = \"x\"",
                  "grantd.toml:5: unknown key 'secret' in [notify.webhook]"},
        WrongToml{"[notify.webhook]\nurl = \"file:///etc/passwd\"\nsecret_file = \"/s\"",
                  "grantd.toml:3: 'url' is wrong: it is of the scheme 'file'"},
        WrongToml{"[notify.webhook]\nurl = \"https://u:p@h\"\nsecret_file = \"/s\"",
                  "'url' is wrong: it holds a user or a password"},
        WrongToml{"[notify.webhook]\nurl = \"https://h\"\nsecret_file = \"/s\"\ntimeout = \"2m\"",
                  "grantd.toml:5: 'timeout' is more than 1m"},
        WrongToml{"[notify.smtp]\nurl = \"https://h\"\nfrom = \"a@b\"", "of the scheme 'https'"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h\"", "'from' is missing"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h\"\nfrom = \"Grantd <a@b>\"",
                  "grantd.toml:4: 'from' is wrong: 'Grantd <a@b>' is no e-mail address"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h/helo\"\nfrom = \"a@b\"",
                  "it has more than host and port"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h\"\nfrom = \"a@b\"\nusername = \"u\"",
                  "'username' needs the other one"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h\"\nfrom = \"a@b\"\npassword_file = \"/p\"",
                  "'password_file' needs the other one"},
        WrongToml{"[notify.smtp]\nurl = \"smtps://h\"\nfrom = \"a@b\"\nstarttls = true",
                  "'starttls' does not go with smtps://"},
        WrongToml{"[notify.smtp]\nurl = \"smtp://h\"\nfrom = \"a@b\"\nstarttls = false\nusername = "
                  "\"u\"\npassword_file = \"/p\"",
                  "the password would be sent in the clear"}));

TEST(NotifyToml, NoErrorShowsWhatAUrlMayHide) {
  const auto settings =
      Parse("[notify.webhook]\nurl = \"https://u:hunter2@h/token\"\nsecret_file = \"/s\"");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace grant
