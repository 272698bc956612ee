// Notifications as mails through an SMTP server.
#pragma once

#include <atomic>
#include <memory>

#include "grantd/notify/channel.h"
#include "grantd/notify/settings.h"

namespace grant {

inline constexpr char kMailChannel[] = "smtp";

// `stop` outlives the channel. An error where the settings are not ones that ReadNotify() gives.
Result<std::unique_ptr<Channel>> MakeMailChannel(const MailSettings& settings,
                                                 const std::atomic<bool>& stop);

}  // namespace grant
