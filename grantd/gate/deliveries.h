// Signatures between their spent use and the client: the place where a revocation, or the seal,
// overtakes them.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "grant/refusal.h"

namespace grant {

class Deliveries {
 public:
  // One signature on its way. Registers itself for as long as it lives.
  class Ticket {
   public:
    explicit Ticket(Deliveries& deliveries);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // Names the grant whose use was spent. Called within the transaction that spends it, so that a
    // later revocation's transaction finds it named.
    void ChargeTo(const std::string& grant_id);
    // Why the signature may not go out: kRevoked or kSealed. Nothing where it may; from here on
    // whoever withdraws it waits for it.
    std::optional<Cause> BeginDelivery();

   private:
    friend class Deliveries;
    enum class State { kRunning, kDelivering };
    Deliveries& deliveries_;
    State state_ = State::kRunning;
    std::optional<Cause> withdrawn_for_;
    std::string grant_id_;
  };

  // To be called after the revocation is durable. When it returns, no signature charged to the
  // grant is delivered any more: running ones are withdrawn, those going out are waited for.
  void Withdraw(const std::string& grant_id);
  // The same for every signature, whatever it is charged to. To be called once no new one is
  // spent.
  void WithdrawAll();

 private:
  using Which = std::function<bool(const Ticket&)>;
  void WithdrawThose(const Which& which, Cause cause);

  std::mutex mutex_;
  std::condition_variable gone_;
  std::set<Ticket*> tickets_;
};

}  // namespace grant
