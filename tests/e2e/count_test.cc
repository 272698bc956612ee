#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class GrantCount : public testing::Test {
 protected:
  GrantCount() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  World world_;
};

TEST_F(GrantCount, IsExactAndItsEndIsExplained) {
  const std::string id = world_.Grant(3);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_THAT(host->Errors(), HasSubstr("grant-pkcs11: refused: grant " + id +
                                        " is used up (3 of 3). hint: grantctl request create "
                                        "release --signings 3"));
  EXPECT_EQ(world_.Used(id), 3);
  EXPECT_EQ(world_.CtlJson({"grant", "show", id}).at("status"), "exhausted");
  EXPECT_EQ(world_.Audited("signature.spent"), 3);
  EXPECT_EQ(world_.Audited("signature.refused"), 1);
  EXPECT_THAT(world_.Ctl({"explain"}).output, HasSubstr("is used up (3 of 3)"));
}

TEST_F(GrantCount, IsNotSpentByAskingForTheSize) {
  const std::string id = world_.Grant(1);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host->Do("sizes ECDSA 1000"), "CKR_BUFFER_TOO_SMALL 64");
  EXPECT_EQ(world_.Used(id), 0);
  EXPECT_EQ(world_.Audited("signature.spent"), 0);
}

TEST_F(GrantCount, ManyProcessesNeverExceedIt) {
  constexpr int kProcesses = 16;
  constexpr int kGranted = 100;
  const std::string id = world_.Grant(kGranted);
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < kProcesses; ++i) {
    hosts.push_back(world_.NewHost());
    ASSERT_EQ(hosts.back()->Do("find release-key"), "CKR_OK");
  }
  std::vector<int> signatures(kProcesses);
  std::vector<std::thread> threads;
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      while (hosts[i]->Do("sign ECDSA " + kDigest).rfind("CKR_OK ", 0) == 0) ++signatures[i];
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  for (const int count : signatures) total += count;
  EXPECT_EQ(total, kGranted);
  EXPECT_EQ(world_.Used(id), kGranted);
  EXPECT_EQ(world_.Audited("signature.spent"), kGranted);
}

TEST_F(GrantCount, IsRightAfterGrantdWasKilledBetweenTwoSignatures) {
  const std::string id = world_.Grant(2);
  const auto host = world_.NewHost();
  ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  world_.Kill();
  world_.Start();
  EXPECT_EQ(world_.Used(id), 1);
  EXPECT_THAT(host->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(host->Do("sign ECDSA " + kDigest), "CKR_FUNCTION_REJECTED C_Sign");
  EXPECT_EQ(world_.Used(id), 2);
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true);
}

TEST_F(GrantCount, HoldsWhenGrantdIsKilledUnderSigners) {
  constexpr int kSigners = 4;
  constexpr int kGranted = 60;
  const std::string id = world_.Grant(kGranted);
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < kSigners; ++i) {
    hosts.push_back(world_.NewHost());
    ASSERT_EQ(hosts.back()->Do("find release-key"), "CKR_OK");
  }
  int delivered = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<int> signatures(kSigners);
    std::vector<std::thread> threads;
    for (int i = 0; i < kSigners; ++i) {
      threads.emplace_back([&, i] {
        while (hosts[i]->Do("sign ECDSA " + kDigest).rfind("CKR_OK ", 0) == 0) {
          if (++signatures[i] == 10) return;
        }
      });
    }
    world_.Kill();
    for (std::thread& thread : threads) thread.join();
    for (const int count : signatures) delivered += count;
    world_.Start();
  }
  const int used = world_.Used(id);
  EXPECT_LE(delivered, used);
  EXPECT_LE(used, kGranted);
  EXPECT_EQ(world_.Audited("signature.spent"), used);
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true);
  EXPECT_THAT(hosts[0]->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
}

}  // namespace
}  // namespace grant::test
