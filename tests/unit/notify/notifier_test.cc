#include "grantd/notify/notifier.h"

#include <nlohmann/json.hpp>

#include "tests/support/receiver.h"
#include "tests/unit/notify/fixture.h"
#include "tests/unit/notify/renderers.h"

namespace grant {
namespace {

using testing::HasSubstr;

class NotifierTest : public NotifyTest {
 protected:
  Result<std::unique_ptr<Notifier>> Start(const NotifySettings& settings) {
    CourierOptions options;
    options.lookups = {NoGroups, [](const Principal&) { return std::vector<Principal>(); }};
    options.now = [] { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); };
    options.jitter = [] { return 0.0; };
    options.self = P("grantd:self");
    return Notifier::Start(*store_, settings, kRenderers, std::move(options));
  }
  NotifySettings MailTo(const test::Receiver& receiver) {
    NotifySettings settings;
    settings.mail = MailSettings();
    settings.mail->url = "smtp://" + receiver.address();
    settings.mail->from = "grantd@example.com";
    settings.mail->starttls = false;
    return settings;
  }
};

TEST_F(NotifierTest, SendsWhatIsNewWhenItIsWoken) {
  const test::Receiver receiver("smtp");
  const auto notifier = Start(MailTo(receiver)).value();
  File();
  notifier->Wake();
  const auto mails = receiver.WaitForRecords(1);
  EXPECT_THAT(mails[0], HasSubstr("bob@example.com"));
}

TEST_F(NotifierTest, SendsWhatAnEarlierRunLeft) {
  File();
  const test::Receiver receiver("smtp");
  const auto notifier = Start(MailTo(receiver)).value();
  EXPECT_EQ(receiver.WaitForRecords(1).size(), 1U);
}

TEST_F(NotifierTest, RefusesToStartWithoutItsSecrets) {
  NotifySettings settings;
  settings.webhook = WebhookSettings();
  settings.webhook->url = "http://127.0.0.1:1/";
  settings.webhook->secret_file = directory_ / "nowhere";
  const auto notifier = Start(settings);
  ASSERT_FALSE(notifier);
  EXPECT_THAT(notifier.error().message, HasSubstr("nowhere"));
}

TEST_F(NotifierTest, StopsInTheMiddleOfAMessage) {
  const test::Receiver receiver("webhook", {"--silent"});
  NotifySettings settings;
  settings.webhook = WebhookSettings();
  settings.webhook->url = "http://" + receiver.address() + "/";
  settings.webhook->secret_file = directory_.Write("secret", std::string(32, 'x'));
  settings.webhook->timeout = std::chrono::hours(1);
  File();
  {
    const auto notifier = Start(settings).value();
    receiver.WaitForRecords(1);
  }
  const auto waiting = Read([](Tables& tables) { return tables.WaitingByChannel(); });
  EXPECT_EQ(waiting.at("webhook"), 1) << "it is sent again";
}

}  // namespace
}  // namespace grant
