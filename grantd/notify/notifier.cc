#include "grantd/notify/notifier.h"

#include <curl/curl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

#include "grantd/notify/mail_channel.h"
#include "grantd/notify/webhook_channel.h"

namespace grant {
namespace {

Result<std::vector<std::unique_ptr<Channel>>> MakeChannels(const NotifySettings& settings,
                                                           const Renderers& renderers,
                                                           const std::atomic<bool>& stop) {
  std::vector<std::unique_ptr<Channel>> channels;
  if (settings.webhook) {
    GRANT_TRY(channels.emplace_back(), MakeWebhookChannel(*settings.webhook, renderers, stop));
  }
  if (settings.mail) {
    GRANT_TRY(channels.emplace_back(), MakeMailChannel(*settings.mail, stop));
  }
  for (const auto& channel : channels) {
    GRANT_CHECK(channel->Check());
    spdlog::info("notify {}: {}", channel->name(), channel->receiver());
  }
  return channels;
}

}  // namespace

Result<std::unique_ptr<Notifier>> Notifier::Start(Store& store, const NotifySettings& settings,
                                                  const Renderers& renderers,
                                                  CourierOptions options) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Fail(Code::kInternal, "libcurl does not initialise");
  }
  std::unique_ptr<Notifier> notifier(new Notifier);
  GRANT_TRY(auto channels, MakeChannels(settings, renderers, notifier->stop_));
  options.retry = settings.retry;
  notifier->now_ = options.now;
  notifier->courier_ = std::make_unique<Courier>(store, std::move(channels), std::move(options));
  GRANT_CHECK(notifier->courier_->Begin());
  if (settings.any()) notifier->thread_ = std::thread([raw = notifier.get()] { raw->Run(); });
  return notifier;
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  curl_global_cleanup();
}

void Notifier::Wake() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  woken_.notify_all();
}

void Notifier::Run() {
  while (!stop_) {
    {
      const std::lock_guard lock(mutex_);
      news_ = false;
    }
    Time next = now_() + std::chrono::minutes(1);
    try {
      next = courier_->Round();
    } catch (const std::exception& error) {
      spdlog::error("notify: {}", error.what());
    }
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::max(Duration(0), next - now_()), [&] { return news_ || stop_; });
  }
}

}  // namespace grant
