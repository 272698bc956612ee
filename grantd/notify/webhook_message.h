// What a webhook is told, and the proof that grantd said it.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "grantd/notify/occasion.h"

namespace grant {

// How the API shows things: a receiver is to see the same objects.
struct Renderers {
  std::function<nlohmann::ordered_json(const RequestView&, Time now)> request;
  std::function<nlohmann::ordered_json(const Grant&, Time now)> grant;
};

// The JSON text that docs/configuration.md describes.
std::string WebhookBody(const Occasion& occasion, const Renderers& renderers, Time now);

// "sha256=" and the lower-case hex of HMAC-SHA-256 over "TIMESTAMP.BODY".
std::string WebhookSignature(std::span<const uint8_t> secret, int64_t timestamp,
                             const std::string& body);

}  // namespace grant
