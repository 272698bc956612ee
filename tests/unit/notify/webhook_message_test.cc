#include "grantd/notify/webhook_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tests/unit/notify/occasions.h"
#include "tests/unit/notify/renderers.h"

namespace grant {
namespace {

using Json = nlohmann::ordered_json;

std::vector<uint8_t> Bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

// By another interface of OpenSSL than the one that grantd uses.
std::string HmacHex(const std::string& key, const std::string& text) {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_construct_end()};
  unsigned char out[32];
  size_t length = 0;
  EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(key.data()), key.size(), parameters);
  EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MAC_final(context, out, &length, sizeof(out));
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  std::string hex;
  for (size_t i = 0; i < length; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += {kDigits[out[i] >> 4], kDigits[out[i] & 15]};
  }
  return hex;
}

TEST(WebhookBody, NamesWhatHappenedToWhatAndWhoIsToAct) {
  const Json body = Json::parse(WebhookBody(FiledOccasion(), kRenderers, At(60)));
  std::vector<std::string> keys;
  for (const auto& member : body.items()) keys.push_back(member.key());
  EXPECT_THAT(keys, testing::ElementsAre("id", "event", "at", "actor", "step", "approvers",
                                         "request", "grant"));
  EXPECT_EQ(body["id"], kSomeNotificationId);
  EXPECT_EQ(body["event"], "request.filed");
  EXPECT_EQ(body["at"], FormatTime(At(0))) << "when it happened, not when it is sent";
  EXPECT_EQ(body["actor"], "unix:alice");
  EXPECT_EQ(body["step"], 1);
  EXPECT_EQ(body["approvers"], Json({"unix:bob", "unix:carol"}));
  EXPECT_EQ(body["request"]["id"], kSomeRequestId);
  EXPECT_TRUE(body["grant"].is_null());
}

TEST(WebhookBody, OfAnOutcomeHasTheGrantAndNoStep) {
  const Json body =
      Json::parse(WebhookBody(OutcomeOccasion(event::kGrantRevoked), kRenderers, At(60)));
  EXPECT_EQ(body["event"], "grant.revoked");
  EXPECT_TRUE(body["step"].is_null());
  EXPECT_EQ(body["approvers"], Json::array());
  EXPECT_EQ(body["grant"]["id"], kSomeGrantId);
}

TEST(WebhookSignature, IsVerifiedByOpenSsl) {
  const std::string secret = "a secret of some length";
  const std::string body = WebhookBody(FiledOccasion(), kRenderers, At(60));
  EXPECT_EQ(WebhookSignature(Bytes(secret), 1'800'000'000, body),
            "sha256=" + HmacHex(secret, "1800000000." + body));
}

TEST(WebhookSignature, ChangesWithSecretTimeAndBody) {
  const std::string signature = WebhookSignature(Bytes("0123456789abcdef"), 1, "{}");
  EXPECT_EQ(signature, WebhookSignature(Bytes("0123456789abcdef"), 1, "{}"));
  EXPECT_NE(signature, WebhookSignature(Bytes("0123456789abcdeg"), 1, "{}"));
  EXPECT_NE(signature, WebhookSignature(Bytes("0123456789abcdef"), 2, "{}"));
  EXPECT_NE(signature, WebhookSignature(Bytes("0123456789abcdef"), 1, "{ }"));
}

}  // namespace
}  // namespace grant
