#include "grantd/gate/deliveries.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace grant {
namespace {

TEST(Deliveries, WithdrawARunningSignatureOfTheGrant) {
  Deliveries deliveries;
  Deliveries::Ticket ticket(deliveries);
  ticket.ChargeTo("grt_1");
  deliveries.Withdraw("grt_1");
  EXPECT_EQ(ticket.BeginDelivery(), Cause::kRevoked);
}

TEST(Deliveries, TheSealWithdrawsEverySignatureWhateverItIsChargedTo) {
  Deliveries deliveries;
  Deliveries::Ticket of_grant(deliveries);
  of_grant.ChargeTo("grt_1");
  Deliveries::Ticket of_none(deliveries);
  deliveries.WithdrawAll();
  EXPECT_EQ(of_grant.BeginDelivery(), Cause::kSealed);
  EXPECT_EQ(of_none.BeginDelivery(), Cause::kSealed);
}

TEST(Deliveries, LeaveSignaturesOfOtherGrantsAlone) {
  Deliveries deliveries;
  Deliveries::Ticket ticket(deliveries);
  ticket.ChargeTo("grt_2");
  deliveries.Withdraw("grt_1");
  EXPECT_FALSE(ticket.BeginDelivery());
}

TEST(Deliveries, WithdrawReturnsOnlyWhenWhatGoesOutIsOut) {
  Deliveries deliveries;
  std::atomic<bool> delivered = false;
  std::promise<void> delivering;
  std::promise<void> go_on;
  std::thread signer([&] {
    Deliveries::Ticket ticket(deliveries);
    ticket.ChargeTo("grt_1");
    ASSERT_FALSE(ticket.BeginDelivery());
    delivering.set_value();
    go_on.get_future().wait();
    delivered = true;
  });
  delivering.get_future().wait();
  std::thread revoker([&] {
    deliveries.Withdraw("grt_1");
    EXPECT_TRUE(delivered);
  });
  go_on.set_value();
  revoker.join();
  signer.join();
}

TEST(Deliveries, NothingIsDeliveredAfterWithdrawHoweverTheyRace) {
  for (int round = 0; round < 500; ++round) {
    Deliveries deliveries;
    std::atomic<bool> withdrawn = false;
    std::atomic<bool> late = false;
    auto ticket = std::make_unique<Deliveries::Ticket>(deliveries);
    ticket->ChargeTo("grt_1");
    std::thread revoker([&] {
      deliveries.Withdraw("grt_1");
      withdrawn = true;
    });
    if (!ticket->BeginDelivery()) late = withdrawn.load();
    ticket.reset();
    revoker.join();
    EXPECT_FALSE(late);
  }
}

}  // namespace
}  // namespace grant
