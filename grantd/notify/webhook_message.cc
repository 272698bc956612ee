#include "grantd/notify/webhook_message.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace grant {

using Json = nlohmann::ordered_json;

std::string WebhookBody(const Occasion& occasion, const Renderers& renderers, Time now) {
  const Notification& notification = occasion.notification;
  Json approvers = Json::array();
  for (const Principal& approver : occasion.approvers) approvers.push_back(approver.text());
  const Json body = {{"id", notification.id},
                     {"event", notification.event},
                     {"at", FormatTime(notification.at)},
                     {"actor", notification.actor.text()},
                     {"step", notification.step ? Json(*notification.step + 1) : Json()},
                     {"approvers", std::move(approvers)},
                     {"request", renderers.request(occasion.view, now)},
                     {"grant", occasion.grant ? renderers.grant(*occasion.grant, now) : Json()}};
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string WebhookSignature(std::span<const uint8_t> secret, int64_t timestamp,
                             const std::string& body) {
  const std::string text = fmt::format("{}.{}", timestamp, body);
  std::array<uint8_t, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const uint8_t*>(text.data()), text.size(), mac.data(), &length);
  std::string signature = "sha256=";
  for (unsigned i = 0; i < length; ++i) signature += fmt::format("{:02x}", mac[i]);
  return signature;
}

}  // namespace grant
