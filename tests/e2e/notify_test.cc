// People are told, by real mails and webhooks on this machine, whatever happens to grantd and to
// the receivers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <chrono>
#include <functional>
#include <thread>

#include "tests/e2e/world.h"
#include "tests/support/receiver.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

class Notifications : public testing::Test {
 protected:
  // Two approvers, one of them without an address, in a group of the rules.
  void StartWith(const std::string& channels) {
    world_.ConfigureDaemon(
        "[notify]\nretry_first = \"1s\"\nretry_longest = \"2s\"\ngive_up = \"1h\"\n" + channels);
    world_.Start();
    const std::string self = PrincipalOf(geteuid());
    world_.ApplyRulesText("[[user]]\nname = \"" + self +
                          "\"\nemail = \"self@example.com\"\n"
                          "[[user]]\nname = \"unix:#54322\"\nemail = \"bob@example.com\"\n"
                          "[[group]]\nname = \"security\"\nmembers = [\"" +
                          self +
                          "\", \"unix:#54322\", \"unix:#54399\"]\n"
                          "[[policy]]\nname = \"release-signing\"\nmax_window = \"8h\"\n"
                          "max_signings = 1000\n[[policy.step]]\nname = \"Security review\"\n"
                          "approvers = [\"group:security\"]\nnotify = true\n"
                          "[[signer]]\nname = \"release\"\nkey = "
                          "\"pkcs11:token=prod;object=release-key\"\npolicy = "
                          "\"release-signing\"\nusers = [\"" +
                          self + "\"]\n");
  }
  std::string Webhook() {
    return "[notify.webhook]\nurl = \"http://" + webhook_.address() + "/hook\"\nsecret_file = \"" +
           world_.directory().Write("webhook.secret", kSecret) + "\"\n";
  }
  std::string Mail() {
    return "[notify.smtp]\nurl = \"smtp://" + mail_.address() +
           "\"\nfrom = \"grantd@example.com\"\n";
  }

  std::string File() {
    return world_
        .CtlJson({"request", "create", "release", "--signings", "2", "--window", "1h", "--reason",
                  "Release v2.4.0", "--no-wait"})
        .at("id");
  }

  // The state of the first channel, once it is so, or after a minute.
  nlohmann::json ChannelOnce(const std::function<bool(const nlohmann::json&)>& so) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (true) {
      // Where something is wrong a line for people follows the report.
      const std::string text = world_.Ctl({"doctor", "-o", "json"}).output;
      const auto report = nlohmann::json::parse(text.substr(0, text.rfind('}') + 1));
      const nlohmann::json& channel = report.at("channels").at(0);
      if (so(channel) || std::chrono::steady_clock::now() > limit) return channel;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  static std::vector<std::string> Recipients(const std::vector<std::string>& mails) {
    std::vector<std::string> recipients;
    for (const std::string& mail : mails) {
      recipients.push_back(nlohmann::json::parse(mail).at("to").at(0));
    }
    return recipients;
  }

  Receiver webhook_{"webhook"};
  Receiver mail_{"smtp"};
  World world_;
};

std::string HmacHex(const std::string& text) {
  unsigned char mac[32];
  unsigned length = 0;
  HMAC(EVP_sha256(), kSecret, sizeof(kSecret) - 1,
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += {kDigits[mac[i] >> 4], kDigits[mac[i] & 15]};
  }
  return hex;
}

TEST_F(Notifications, ReachTheApproversAndThenTheRequester) {
  StartWith(Mail());
  const std::string id = File();
  const auto asked = mail_.WaitForRecords(2);
  EXPECT_THAT(Recipients(asked), UnorderedElementsAre("self@example.com", "bob@example.com"));
  EXPECT_THAT(asked[0], HasSubstr("grantctl request approve " + id));
  EXPECT_EQ(world_.Ctl({"request", "approve", id}).exit_code, 0);
  const auto told = mail_.WaitForRecords(3);
  EXPECT_EQ(Recipients(told).back(), "self@example.com");
  EXPECT_THAT(told.back(), HasSubstr("[grantd] approved: release, " + id));
}

TEST_F(Notifications, ByWebhookAreSignedAndHoldTheRequest) {
  StartWith(Webhook());
  const std::string id = File();
  const auto got = nlohmann::json::parse(webhook_.WaitForRecords(1)[0]);
  const std::string text = got.at("body");
  const std::string time = got.at("headers").at("grantd-timestamp");
  EXPECT_EQ(got.at("headers").at("grantd-signature"), "sha256=" + HmacHex(time + "." + text));
  const auto body = nlohmann::json::parse(text);
  EXPECT_EQ(body.at("event"), "request.filed");
  EXPECT_EQ(body.at("step"), 1);
  EXPECT_EQ(body.at("approvers").size(), 3U);
  EXPECT_EQ(body.at("request"), world_.CtlJson({"request", "show", id}));
}

TEST_F(Notifications, ADeadReceiverDelaysNobodyAndIsToldOnceItIsBack) {
  mail_.Stop();
  StartWith(Mail());
  const std::string id = File();
  const auto failing =
      ChannelOnce([](const auto& channel) { return channel.at("failing") == true; });
  ASSERT_EQ(failing.at("failing"), true);
  EXPECT_EQ(failing.at("waiting"), 2);
  const Outcome doctor = world_.Ctl({"doctor"});
  EXPECT_EQ(doctor.exit_code, 1);
  EXPECT_THAT(doctor.output, HasSubstr("notifications by smtp to smtp://127.0.0.1"));
  EXPECT_THAT(doctor.output, HasSubstr("hint: "));
  EXPECT_EQ(world_.Ctl({"request", "approve", id}).exit_code, 0) << "nothing waits for mails";
  mail_.Start();
  // Who was to approve it is not asked any more.
  EXPECT_EQ(mail_.WaitForRecords(1).size(), 1U);
  ChannelOnce([](const auto& channel) { return channel.at("waiting") == 0; });
  EXPECT_EQ(world_.Ctl({"doctor"}).exit_code, 0);
  const std::string log = world_.Log();
  const std::string failure = "notify smtp: smtp://" + mail_.address() + " fails";
  EXPECT_THAT(log, HasSubstr(failure));
  EXPECT_EQ(log.find(failure), log.rfind(failure)) << "told once, not with each attempt";
  EXPECT_THAT(log, HasSubstr("takes messages again"));
}

TEST_F(Notifications, SurviveAKilledGrantd) {
  mail_.Stop();
  webhook_.Stop();
  StartWith(Webhook() + Mail());
  const std::string id = File();
  world_.Kill();
  mail_.Start();
  webhook_.Start();
  world_.Start();
  EXPECT_THAT(Recipients(mail_.WaitForRecords(2)),
              UnorderedElementsAre("self@example.com", "bob@example.com"));
  const auto got = nlohmann::json::parse(webhook_.WaitForRecords(1)[0]);
  EXPECT_EQ(nlohmann::json::parse(got.at("body").get<std::string>()).at("request").at("id"), id);
  EXPECT_EQ(world_.Audited("notification.failed"), 0);
}

TEST_F(Notifications, AreNotRepeatedByARestart) {
  StartWith(Mail());
  const std::string id = File();
  mail_.WaitForRecords(2);
  ChannelOnce([](const auto& channel) { return channel.at("waiting") == 0; });
  world_.Stop();
  world_.Start();
  EXPECT_EQ(world_.Ctl({"request", "cancel", id}).exit_code, 0);
  EXPECT_THAT(mail_.WaitForRecords(3)[2], HasSubstr("[grantd] cancelled: release, " + id));
}

TEST_F(Notifications, AnExposedSecretStopsGrantdWithAReason) {
  const std::string channels = Webhook();
  world_.directory().Write("webhook.secret", kSecret, 0644);
  EXPECT_THROW(StartWith(channels), std::runtime_error);
  EXPECT_THAT(world_.Log(), HasSubstr("the webhook secret file"));
  EXPECT_THAT(world_.Log(), HasSubstr("chmod 600"));
}

}  // namespace
}  // namespace grant::test
