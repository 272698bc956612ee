// The channels against real receivers on this machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "grantd/notify/mail_channel.h"
#include "grantd/notify/webhook_channel.h"
#include "tests/support/child_process.h"
#include "tests/support/receiver.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/notify/occasions.h"
#include "tests/unit/notify/renderers.h"

namespace grant {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

// A key with a certificate for 127.0.0.1 that it signed itself.
std::string MakeCertificate(const test::TempDir& directory) {
  const std::string path = directory / "certificate.pem";
  const test::Outcome made =
      test::Run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-keyout", path + ".key", "-out", path + ".crt", "-days", "2", "-subj",
                 "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"});
  EXPECT_EQ(made.exit_code, 0) << made.output;
  test::Run({"sh", "-c", "cat " + path + ".key " + path + ".crt > " + path});
  return path;
}

class WebhookTest : public testing::Test {
 protected:
  SendResult Send(const WebhookSettings& settings) {
    return MakeWebhookChannel(settings, kRenderers, stop_)
        .value()
        ->Send(FiledOccasion(), Delivery(), At(60));
  }
  WebhookSettings SettingsFor(const test::Receiver& receiver, const std::string& scheme = "http") {
    WebhookSettings settings;
    settings.url = scheme + "://" + receiver.address() + "/hook?team=1";
    settings.secret_file = directory_.Write("secret", std::string(kSecret) + "\n");
    return settings;
  }

  test::TempDir directory_;
  std::atomic<bool> stop_{false};
};

TEST_F(WebhookTest, PostsASignedBody) {
  const test::Receiver receiver("webhook");
  const SendResult result = Send(SettingsFor(receiver));
  EXPECT_EQ(result.outcome, SendOutcome::kDelivered) << result.error;
  const Json got = Json::parse(receiver.WaitForRecords(1)[0]);
  EXPECT_EQ(got["method"], "POST");
  EXPECT_EQ(got["path"], "/hook?team=1");
  EXPECT_EQ(got["headers"]["content-type"], "application/json");
  EXPECT_EQ(got["headers"]["grantd-timestamp"], std::to_string(ToMillis(At(60)) / 1000));
  const std::string key = kSecret;
  EXPECT_EQ(got["headers"]["grantd-signature"],
            WebhookSignature({reinterpret_cast<const uint8_t*>(key.data()), key.size()},
                             ToMillis(At(60)) / 1000, got["body"]));
  EXPECT_EQ(Json::parse(got["body"].get<std::string>())["id"], kSomeNotificationId);
}

TEST_F(WebhookTest, FollowsNoRedirect) {
  const test::Receiver receiver("webhook", {"--status", "307"});
  const SendResult result = Send(SettingsFor(receiver));
  EXPECT_EQ(result.outcome, SendOutcome::kFailed);
  EXPECT_EQ(result.error, "it answered with status 307, and redirects are not followed");
  EXPECT_EQ(receiver.WaitForRecords(1).size(), 1U);
}

TEST_F(WebhookTest, TakesNothingButSuccessForSuccess) {
  for (const char* status : {"302", "401", "404", "408", "425", "429", "500", "503"}) {
    const test::Receiver receiver("webhook", {"--status", status});
    EXPECT_EQ(Send(SettingsFor(receiver)).outcome, SendOutcome::kFailed) << status;
  }
  for (const char* status : {"400", "413", "415", "422"}) {
    const test::Receiver receiver("webhook", {"--status", status});
    EXPECT_EQ(Send(SettingsFor(receiver)).outcome, SendOutcome::kRefused) << status;
  }
  const test::Receiver receiver("webhook", {"--status", "204"});
  EXPECT_EQ(Send(SettingsFor(receiver)).outcome, SendOutcome::kDelivered);
}

TEST_F(WebhookTest, EndsAtItsDeadline) {
  const test::Receiver receiver("webhook", {"--silent"});
  WebhookSettings settings = SettingsFor(receiver);
  settings.timeout = Duration(200);
  const SendResult result = Send(settings);
  EXPECT_EQ(result.outcome, SendOutcome::kFailed);
  EXPECT_THAT(result.error, HasSubstr("timed out"));
}

TEST_F(WebhookTest, IsBrokenOffWhenGrantdStops) {
  const test::Receiver receiver("webhook", {"--silent"});
  stop_ = true;
  EXPECT_EQ(Send(SettingsFor(receiver)).outcome, SendOutcome::kAborted);
}

TEST_F(WebhookTest, TrustsNoCertificateThatNobodyVouchesFor) {
  const std::string certificate = MakeCertificate(directory_);
  const test::Receiver receiver("webhook", {"--certificate", certificate});
  WebhookSettings settings = SettingsFor(receiver, "https");
  const SendResult result = Send(settings);
  EXPECT_EQ(result.outcome, SendOutcome::kFailed);
  EXPECT_THAT(result.error, HasSubstr("certificate"));
  EXPECT_TRUE(receiver.records().empty());
  settings.ca_file = certificate + ".crt";
  EXPECT_EQ(Send(settings).outcome, SendOutcome::kDelivered);
}

TEST_F(WebhookTest, NeedsASecretThatIsSecret) {
  const test::Receiver receiver("webhook");
  const WebhookSettings settings = SettingsFor(receiver);
  const auto channel = MakeWebhookChannel(settings, kRenderers, stop_).value();
  EXPECT_TRUE(channel->Check());
  chmod(settings.secret_file.c_str(), 0644);
  ASSERT_FALSE(channel->Check());
  EXPECT_THAT(channel->Check().error().message, HasSubstr("webhook secret file"));
  EXPECT_EQ(channel->Check().error().hint, "chmod 600 " + settings.secret_file);
  EXPECT_EQ(channel->Send(FiledOccasion(), Delivery(), At(60)).outcome, SendOutcome::kFailed);
  directory_.Write("secret", "short");
  EXPECT_THAT(channel->Check().error().message, HasSubstr("fewer than 16 bytes"));
  EXPECT_TRUE(receiver.records().empty());
}

class MailTest : public testing::Test {
 protected:
  static Delivery To(const std::string& name) {
    Delivery delivery;
    delivery.recipient = "unix:" + name;
    delivery.address = name + "@example.com";
    return delivery;
  }
  SendResult Send(const MailSettings& settings, const std::string& name = "bob") {
    return MakeMailChannel(settings, stop_).value()->Send(FiledOccasion(), To(name), At(60));
  }
  static MailSettings SettingsFor(const test::Receiver& receiver) {
    MailSettings settings;
    settings.url = "smtp://" + receiver.address();
    settings.from = "grantd@example.com";
    settings.starttls = false;
    return settings;
  }

  test::TempDir directory_;
  std::atomic<bool> stop_{false};
};

TEST_F(MailTest, ArrivesAsItWasWritten) {
  const test::Receiver receiver("smtp");
  const SendResult result = Send(SettingsFor(receiver));
  EXPECT_EQ(result.outcome, SendOutcome::kDelivered) << result.error;
  const Json got = Json::parse(receiver.WaitForRecords(1)[0]);
  EXPECT_EQ(got["from"], "grantd@example.com");
  EXPECT_EQ(got["to"], Json({"bob@example.com"}));
  EXPECT_THAT(got["data"].get<std::string>(), HasSubstr("grantctl request approve req_"));
}

TEST_F(MailTest, GoesToEachRecipientWithAnAddress) {
  Occasion occasion = FiledOccasion();
  occasion.rules.users = {{P("unix:bob"), UserKind::kPerson, "bob@example.com"},
                          {P("unix:carol"), UserKind::kPerson, ""}};
  MailSettings settings;
  settings.url = "smtp://127.0.0.1";
  const auto channel = MakeMailChannel(settings, stop_).value();
  EXPECT_THAT(channel->DeliveriesFor(occasion), ElementsAre(To("bob")));
  occasion.rules.users[1].email = "carol@example.com";
  EXPECT_THAT(channel->DeliveriesFor(occasion), ElementsAre(To("bob"), To("carol")));
  occasion.rules.users.clear();
  EXPECT_TRUE(channel->DeliveriesFor(occasion).empty());
}

TEST_F(MailTest, ARecipientWhomTheServerRefusesIsNoFailureOfTheServer) {
  const test::Receiver receiver("smtp", {"--refuse", "bob@example.com"});
  const SendResult refused = Send(SettingsFor(receiver));
  EXPECT_EQ(refused.outcome, SendOutcome::kRefused);
  EXPECT_THAT(refused.error, HasSubstr("550"));
  EXPECT_EQ(Send(SettingsFor(receiver), "carol").outcome, SendOutcome::kDelivered);
}

TEST_F(MailTest, LogsIn) {
  const test::Receiver receiver("smtp", {"--login", "grantd:hunter2"});
  MailSettings settings = SettingsFor(receiver);
  EXPECT_EQ(Send(settings).outcome, SendOutcome::kFailed);
  settings.username = "grantd";
  settings.password_file = directory_.Write("password", "wrong");
  EXPECT_EQ(Send(settings).outcome, SendOutcome::kFailed);
  directory_.Write("password", "hunter2\n");
  const SendResult result = Send(settings);
  EXPECT_EQ(result.outcome, SendOutcome::kDelivered) << result.error;
  EXPECT_EQ(Json::parse(receiver.WaitForRecords(1)[0])["login"], "grantd:hunter2");
}

TEST_F(MailTest, IsNotSentInTheClearWhereStartTlsIsRequired) {
  const test::Receiver receiver("smtp");
  MailSettings settings = SettingsFor(receiver);
  settings.starttls = true;
  EXPECT_EQ(Send(settings).outcome, SendOutcome::kFailed);
  EXPECT_TRUE(receiver.records().empty());
}

TEST_F(MailTest, TakesStartTlsFromAServerThatIsKnown) {
  const std::string certificate = MakeCertificate(directory_);
  const test::Receiver receiver("smtp", {"--certificate", certificate});
  MailSettings settings = SettingsFor(receiver);
  settings.starttls = true;
  EXPECT_EQ(Send(settings).outcome, SendOutcome::kFailed) << "nobody vouches for it";
  settings.ca_file = certificate + ".crt";
  const SendResult result = Send(settings);
  EXPECT_EQ(result.outcome, SendOutcome::kDelivered) << result.error;
  EXPECT_EQ(Json::parse(receiver.WaitForRecords(1)[0])["tls"], true);
}

}  // namespace
}  // namespace grant
