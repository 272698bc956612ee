#include "grantd/api/connection_registry.h"

#include <gtest/gtest.h>

#include <thread>

namespace grant::api {
namespace {

class FakeConnection : public OpenConnection {
 public:
  void CloseIfWaiting() override { ++asked; }
  int asked = 0;
};

std::shared_ptr<FakeConnection> Fake() {
  return std::make_shared<FakeConnection>();
}

TEST(ConnectionRegistry, BoundsAllAndEachUser) {
  ConnectionRegistry registry(3, 2);
  auto a = Fake(), b = Fake(), c = Fake(), d = Fake();
  EXPECT_TRUE(registry.Admit(a, 1000));
  EXPECT_TRUE(registry.Admit(b, 1000));
  EXPECT_FALSE(registry.Admit(c, 1000));
  EXPECT_TRUE(registry.Admit(c, 1001));
  EXPECT_FALSE(registry.Admit(d, 1002));
  registry.Leave(a.get());
  EXPECT_TRUE(registry.Admit(d, 1000));
}

TEST(ConnectionRegistry, WhoWasNotAdmittedDoesNotCount) {
  ConnectionRegistry registry(1, 1);
  auto a = Fake(), b = Fake();
  EXPECT_TRUE(registry.Admit(a, 1000));
  EXPECT_FALSE(registry.Admit(b, 1000));
  registry.Leave(b.get());
  EXPECT_FALSE(registry.Admit(b, 1000));
}

TEST(ConnectionRegistry, AsksThoseThatAreStillThere) {
  ConnectionRegistry registry(9, 9);
  auto a = Fake(), b = Fake();
  registry.Admit(a, 1000);
  registry.Admit(b, 1000);
  registry.Leave(b.get());
  registry.CloseThoseWaiting();
  EXPECT_EQ(a->asked, 1);
  EXPECT_EQ(b->asked, 0);
}

TEST(ConnectionRegistry, WaitsForTheLastToLeave) {
  ConnectionRegistry registry(9, 9);
  auto a = Fake();
  registry.Admit(a, 1000);
  std::thread leaving([&] { registry.Leave(a.get()); });
  registry.WaitUntilEmpty(std::chrono::minutes(1));
  leaving.join();
  EXPECT_TRUE(registry.Admit(a, 1000));
  registry.WaitUntilEmpty(std::chrono::milliseconds(1));  // and no longer than told
}

}  // namespace
}  // namespace grant::api
