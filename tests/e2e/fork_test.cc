#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::StartsWith;

const std::string kDigest = "hex:" + std::string(64, 'a');

class Fork : public testing::Test {
 protected:
  Fork() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
    id_ = world_.Grant(10);
    host_ = world_.NewHost();
  }

  World world_;
  std::string id_;
  std::unique_ptr<Host> host_;
};

constexpr const char* kChildOfItsOwn =
    "CKR_CRYPTOKI_NOT_INITIALIZED C_Sign, CKR_OK, CKR_OK, CKR_OK";

TEST_F(Fork, AChildStartsAnewAndSigns) {
  ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
  EXPECT_EQ(host_->Do("fork"), kChildOfItsOwn);
  EXPECT_THAT(host_->Do("sign ECDSA " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(id_), 2);
}

TEST_F(Fork, InTheMiddleOfASignatureGivesTheChildNone) {
  ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
  ASSERT_EQ(host_->Do("begin ECDSA"), "CKR_OK");
  EXPECT_EQ(host_->Do("fork"), kChildOfItsOwn);
  EXPECT_THAT(host_->Do("end " + kDigest), StartsWith("CKR_OK "));
  EXPECT_EQ(world_.Used(id_), 2) << "one by the parent, one by the child's own operation";
}

}  // namespace
}  // namespace grant::test
