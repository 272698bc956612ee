// Writes that queue up in a known order while the writer is held.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "grantd/store/writer.h"

namespace grant {

class HeldWrites {
 public:
  explicit HeldWrites(Writer& writer) : writer_(writer) {}

  // Holds the writer in a job until Release(), whatever becomes of that job.
  void Block() {
    std::promise<void> entered;
    holder_ = std::thread([this, &entered] {
      static_cast<void>(writer_.Write([this, &entered](Tables&) -> Status {
        entered.set_value();
        released_.get_future().wait();
        return {};
      }));
    });
    entered.get_future().wait();
  }

  // Returns when the write is in the queue.
  void Write(Work work, std::function<void()> durable = nullptr) {
    const size_t before = writer_.pending();
    Status& outcome = outcomes_.emplace_back();
    threads_.emplace_back(
        [this, &outcome, work = std::move(work), durable = std::move(durable)]() mutable {
          outcome = writer_.Write(std::move(work), std::move(durable));
        });
    while (writer_.pending() == before) std::this_thread::yield();
  }

  // Lets all of them go on; returns their outcomes.
  std::vector<Status> Release() {
    released_.set_value();
    holder_.join();
    for (std::thread& thread : threads_) thread.join();
    return {outcomes_.begin(), outcomes_.end()};
  }

 private:
  Writer& writer_;
  std::promise<void> released_;
  std::thread holder_;
  std::vector<std::thread> threads_;
  std::deque<Status> outcomes_;
};

}  // namespace grant
