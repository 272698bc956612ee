// A courier over a real store, with channels that do as they are told.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "grantd/notify/courier.h"
#include "tests/unit/notify/fixture.h"

namespace grant {

// Takes messages, or fails as it is told.
class FakeChannel : public Channel {
 public:
  explicit FakeChannel(std::string name) : name_(std::move(name)) {}

  const std::string& name() const override { return name_; }
  const std::string& receiver() const override { return receiver_; }
  Status Check() const override { return {}; }
  std::vector<Delivery> DeliveriesFor(const Occasion& occasion) const override {
    std::vector<Delivery> deliveries;
    for (const Principal& recipient : occasion.recipients()) {
      Delivery delivery;
      delivery.recipient = recipient.text();
      deliveries.push_back(delivery);
    }
    return deliveries;
  }
  SendResult Send(const Occasion& occasion, const Delivery& delivery, Time) override {
    ++attempts;
    if (on_send) on_send(delivery);
    if (refused.count(delivery.recipient) != 0) return {SendOutcome::kRefused, "no such letters"};
    if (outcome != SendOutcome::kDelivered) return {outcome, "no route"};
    taken.push_back(occasion.notification.event + " " + delivery.recipient);
    return {};
  }

  SendOutcome outcome = SendOutcome::kDelivered;
  int attempts = 0;
  std::set<std::string> refused;  // recipients
  std::function<void(const Delivery&)> on_send;
  std::vector<std::string> taken;

 private:
  std::string name_;
  std::string receiver_ = "test://receiver";
};

class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> lines;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines.emplace_back(message.payload.begin(), message.payload.end());
  }
  void flush_() override {}
};

class CourierTest : public NotifyTest {
 protected:
  CourierTest() {
    sink_ = std::make_shared<LineSink>();
    previous_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_));
  }
  ~CourierTest() override { spdlog::set_default_logger(previous_); }

  void Begin(const std::vector<std::string>& names = {"pigeon"}) {
    std::vector<std::unique_ptr<Channel>> channels;
    channels_.clear();
    for (const std::string& name : names) {
      auto channel = std::make_unique<FakeChannel>(name);
      channels_.push_back(channel.get());
      channels.push_back(std::move(channel));
    }
    CourierOptions options;
    options.lookups = {[this](const Principal& who) -> Result<std::vector<Principal>> {
                         if (who == unknowable_) return Fail(Code::kUnavailable, "no answer");
                         return std::vector<Principal>();
                       },
                       [](const Principal&) { return std::vector<Principal>(); }};
    options.now = [this] { return now_; };
    options.jitter = [] { return 0.0; };
    options.self = P("grantd:self");
    options.waiting_max = waiting_max_;
    options.retry.give_up = give_up_;
    courier_ = std::make_unique<Courier>(*store_, std::move(channels), std::move(options));
    ASSERT_TRUE(courier_->Begin());
  }

  // Does all that is to be done at this instant.
  Time Work() {
    Time next = now_;
    while (next <= now_) next = courier_->Round();
    return next;
  }

  FakeChannel& pigeon() { return *channels_.front(); }
  std::map<std::string, int64_t> Waiting() {
    return Read([](Tables& tables) { return tables.WaitingByChannel(); });
  }

  int64_t waiting_max_ = 10'000;
  Duration give_up_ = std::chrono::hours(24);
  Principal unknowable_;  // about whom the user database does not answer
  std::shared_ptr<LineSink> sink_;
  std::shared_ptr<spdlog::logger> previous_;
  std::vector<FakeChannel*> channels_;
  std::unique_ptr<Courier> courier_;
};

}  // namespace grant
