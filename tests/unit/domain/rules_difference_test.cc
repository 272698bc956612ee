#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/rules.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Difference, IsEmptyBetweenEqualRules) {
  EXPECT_THAT(Difference(MakeRules(), MakeRules()), IsEmpty());
}

TEST(Difference, NamesWhatComesAndGoes) {
  EXPECT_THAT(Difference({}, MakeRules()), Contains("+ signer release"));
  EXPECT_THAT(Difference(MakeRules(), {}),
              ElementsAre("- group security", "- policy release-signing", "- signer release",
                          "- signer open"));
}

TEST(Difference, ShowsBothSidesOfAChange) {
  Rules after = MakeRules();
  after.signers[0].users = Ps({"unix:alice", "unix:eve"});
  after.policies[0].steps[0].required = 2;
  after.policies[0].self_approval = false;
  EXPECT_THAT(
      Difference(MakeRules(), after),
      ElementsAre("~ policy release-signing: self_approval: yes -> no",
                  "~ policy release-signing: steps: 'Security review' 1 of (group:security) -> "
                  "'Security review' 2 of (group:security)",
                  "~ signer release: users: unix:alice, unix-group:release -> unix:alice, "
                  "unix:eve"));
}

TEST(Difference, NamesUsersByTheirPrincipal) {
  Rules before = MakeRules();
  before.users = {{P("unix:bob"), UserKind::kPerson, "bob@example.com"},
                  {P("unix:ci"), UserKind::kPerson, ""}};
  Rules after = MakeRules();
  after.users = {{P("unix:ci"), UserKind::kMachine, ""},
                 {P("unix:dave"), UserKind::kPerson, "dave@example.com"}};
  EXPECT_THAT(Difference(before, after),
              ElementsAre("- user unix:bob", "~ user unix:ci: kind: person -> machine",
                          "+ user unix:dave", "+   kind: person", "+   email: dave@example.com"));
}

TEST(Difference, TellsOfACertificateWithoutPrintingIt) {
  Rules after = MakeRules();
  after.signers[0].certificate = "-----BEGIN CERTIFICATE-----";
  EXPECT_THAT(Difference(MakeRules(), after), ElementsAre("~ signer release: certificate: added"));
}

}  // namespace
}  // namespace grant
