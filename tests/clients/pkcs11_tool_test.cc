// pkcs11-tool's own test of a module. It is no recipe: how often it signs depends on the order in
// which the token lists its keys, so here the token has but one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Pkcs11Tool : public testing::Test {
 protected:
  Pkcs11Tool() {
    world_.Start();
    world_.ApplyRules({PrincipalOf(geteuid())});
  }

  Outcome Tool(const std::string& option) {
    return test::Run(
        {"pkcs11-tool", "--module", GRANT_PKCS11_MODULE, "--token-label", "prod", option},
        world_.client_environment());
  }

  World world_{{{KeyKind::kRsa2048, "release-key", "01"}}};
};

TEST_F(Pkcs11Tool, FindsNoErrorUnderAGrant) {
  const std::string grant = world_.Grant(3);
  const Outcome outcome = Tool("--test");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  for (const char* line : {"all 4 digest functions seem to work", "RSA-X-509: OK", "RSA-PKCS: OK",
                           "SHA1-RSA-PKCS: OK", "No errors"}) {
    EXPECT_THAT(outcome.output, HasSubstr(line));
  }
  EXPECT_EQ(world_.Used(grant), 3);
}

TEST_F(Pkcs11Tool, FindsOnlySigningMissingWithoutAGrant) {
  const Outcome outcome = Tool("--test");
  EXPECT_THAT(outcome.output, HasSubstr("all 4 digest functions seem to work"));
  EXPECT_THAT(outcome.output, HasSubstr("grant-pkcs11: refused: "));
  EXPECT_THAT(outcome.output, Not(HasSubstr("No errors")));
}

TEST_F(Pkcs11Tool, InitialisesAgainAfterAFork) {
  const Outcome outcome = Tool("--test-fork");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

}  // namespace
}  // namespace grant::test
