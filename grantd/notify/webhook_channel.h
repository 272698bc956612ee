// Notifications as signed HTTP requests to one receiver.
#pragma once

#include <atomic>
#include <memory>

#include "grantd/notify/channel.h"
#include "grantd/notify/settings.h"
#include "grantd/notify/webhook_message.h"

namespace grant {

inline constexpr char kWebhookChannel[] = "webhook";
// An HMAC key that is shorter can be guessed.
inline constexpr size_t kWebhookSecretBytesMin = 16;

// `stop` outlives the channel. An error where the settings are not ones that ReadNotify() gives.
Result<std::unique_ptr<Channel>> MakeWebhookChannel(const WebhookSettings& settings,
                                                    Renderers renderers,
                                                    const std::atomic<bool>& stop);

}  // namespace grant
