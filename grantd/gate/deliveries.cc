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

std::optional<Cause> Deliveries::Ticket::BeginDelivery() {
  const std::scoped_lock lock(deliveries_.mutex_);
  if (!withdrawn_for_) state_ = State::kDelivering;
  return withdrawn_for_;
}

void Deliveries::Withdraw(const std::string& grant_id) {
  WithdrawThose([&grant_id](const Ticket& ticket) { return ticket.grant_id_ == grant_id; },
                Cause::kRevoked);
}

void Deliveries::WithdrawAll() {
  WithdrawThose([](const Ticket&) { return true; }, Cause::kSealed);
}

void Deliveries::WithdrawThose(const Which& which, Cause cause) {
  std::unique_lock lock(mutex_);
  for (Ticket* ticket : tickets_) {
    if (which(*ticket) && ticket->state_ == Ticket::State::kRunning && !ticket->withdrawn_for_) {
      ticket->withdrawn_for_ = cause;
    }
  }
  gone_.wait(lock, [&] {
    return std::none_of(tickets_.begin(), tickets_.end(), [&](const Ticket* ticket) {
      return which(*ticket) && ticket->state_ == Ticket::State::kDelivering;
    });
  });
}

}  // namespace grant
