#include "grantd/notify/settings.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

TEST(NotifyUrl, ShowsTheReceiverWithoutPathAndQuery) {
  const auto url = ParseWebhookUrl("https://hooks.example.com:8443/services/T0/secret?token=x");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->receiver, "https://hooks.example.com:8443");
  EXPECT_FALSE(url->loopback);
}

TEST(NotifyUrl, KnowsThisMachine) {
  for (const char* here :
       {"http://127.0.0.1/x", "http://127.8.8.8/", "http://localhost:1/", "https://[::1]:9/"}) {
    EXPECT_TRUE(ParseWebhookUrl(here).value().loopback) << here;
  }
  for (const char* there :
       {"http://127.0.0.1.example.com/", "http://localhost.example.com/", "http://10.0.0.1/"}) {
    EXPECT_FALSE(ParseWebhookUrl(there).value().loopback) << there;
  }
}

TEST(NotifyUrl, RefusesOtherSchemesAndWhatIsNone) {
  for (const char* bad : {"", "hooks", "ftp://h/", "smtp://h", "gopher://h", "http://",
                          "https://u@h/", "https://h/#part", "http://h:99999/"}) {
    EXPECT_FALSE(ParseWebhookUrl(bad)) << bad;
  }
  for (const char* bad :
       {"", "h:25", "http://h", "smtp://", "smtp://u:p@h", "smtp://h/name", "smtp://h?x=1"}) {
    EXPECT_FALSE(ParseMailUrl(bad)) << bad;
  }
  EXPECT_EQ(ParseMailUrl("smtps://mail.example.com:465").value().receiver,
            "smtps://mail.example.com:465");
}

}  // namespace
}  // namespace grant
