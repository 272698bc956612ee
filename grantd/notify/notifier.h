// Tells people, in a thread of its own: no request and no signature ever waits for a receiver.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "grantd/notify/courier.h"
#include "grantd/notify/webhook_message.h"

namespace grant {

class Notifier {
 public:
  // Runs even where no channel is configured, without a thread, to clear away what was left for
  // one. The store outlives it. Errors: kInvalid (a secret's file), those of the store.
  static Result<std::unique_ptr<Notifier>> Start(Store& store, const NotifySettings& settings,
                                                 const Renderers& renderers,
                                                 CourierOptions options);
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  // Breaks off what is on its way; it is sent again after the next start.
  ~Notifier();

  // There is something new in the outbox. Any thread.
  void Wake();
  // Any thread.
  Result<std::vector<ChannelState>> States() const { return courier_->States(); }

 private:
  Notifier() = default;
  void Run();

  std::atomic<bool> stop_{false};
  std::function<Time()> now_;
  std::unique_ptr<Courier> courier_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool news_ = false;
  std::thread thread_;
};

}  // namespace grant
