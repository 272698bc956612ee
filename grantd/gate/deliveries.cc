#include "grantd/gate/deliveries.h"

#include <algorithm>

namespace grant {

Deliveries::Ticket::Ticket(Deliveries& deliveries) : deliveries_(deliveries) {
  const std::scoped_lock lock(deliveries_.mutex_);
  deliveries_.tickets_.insert(this);
}

Deliveries::Ticket::~Ticket() {
  const std::scoped_lock lock(deliveries_.mutex_);
  deliveries_.tickets_.erase(this);
  deliveries_.gone_.notify_all();
}

void Deliveries::Ticket::ChargeTo(const std::string& grant_id) {
  const std::scoped_lock lock(deliveries_.mutex_);
  grant_id_ = grant_id;
}

bool Deliveries::Ticket::BeginDelivery() {
  const std::scoped_lock lock(deliveries_.mutex_);
  if (state_ == State::kWithdrawn) return false;
  state_ = State::kDelivering;
  return true;
}

void Deliveries::Withdraw(const std::string& grant_id) {
  std::unique_lock lock(mutex_);
  for (Ticket* ticket : tickets_) {
    if (ticket->grant_id_ == grant_id && ticket->state_ == Ticket::State::kRunning) {
      ticket->state_ = Ticket::State::kWithdrawn;
    }
  }
  gone_.wait(lock, [&] {
    return std::none_of(tickets_.begin(), tickets_.end(), [&](const Ticket* ticket) {
      return ticket->grant_id_ == grant_id && ticket->state_ == Ticket::State::kDelivering;
    });
  });
}

}  // namespace grant
