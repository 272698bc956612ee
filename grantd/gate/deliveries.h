// Signatures between their spent use and the client: the place where a revocation overtakes them.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

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
    // Whether the signature may go out; from here on a revocation waits for it. False once the
    // grant was withdrawn.
    bool BeginDelivery();

   private:
    friend class Deliveries;
    enum class State { kRunning, kDelivering, kWithdrawn };
    Deliveries& deliveries_;
    State state_ = State::kRunning;
    std::string grant_id_;
  };

  // To be called after the revocation is durable. When it returns, no signature charged to the
  // grant is delivered any more: running ones are withdrawn, those going out are waited for.
  void Withdraw(const std::string& grant_id);

 private:
  std::mutex mutex_;
  std::condition_variable gone_;
  std::set<Ticket*> tickets_;
};

}  // namespace grant
