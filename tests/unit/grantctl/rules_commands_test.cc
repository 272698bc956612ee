#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;

Json Signer() {
  return Json::parse(R"({"name":"release","key":"pkcs11:token=prod;object=release-key",
    "policy":"release-signing","users":["unix:alice","unix-group:release"],"mechanisms":[],
    "certificate":true})");
}

Json Policy() {
  return Json::parse(R"({"name":"release-signing","max_window":"8h","max_signings":10,
    "max_request_ttl":"24h","self_approval":false,"bypass_machine_identities":false,
    "steps":[{"name":"Security review","approvers":["group:security","unix:dave"],"required":1,
              "notify":true}]})");
}

Json Rules() {
  Json rules = Json::parse(R"({"version":3,"applied_by":"unix:root",
    "applied_at":"2026-11-21T20:00:00Z","groups":[{"name":"security","members":["unix:bob"]}]})");
  rules["policies"] = Json::array({Policy()});
  rules["signers"] = Json::array({Signer()});
  return rules;
}

TEST(SignerCommands, ListAndShow) {
  Json free = Signer();
  free["policy"] = nullptr;
  FakeGrantd list(Items(Json::array({Signer(), free})));
  EXPECT_EQ(RunAt(list, {"signer", "list"}).out,
            "NAME     POLICY           USERS                           MECHANISMS\n"
            "release  release-signing  unix:alice, unix-group:release  any\n"
            "release  none             unix:alice, unix-group:release  any\n");
  FakeGrantd show(Signer());
  EXPECT_EQ(RunAt(show, {"signer", "show", "release"}).out,
            "Signer       release\n"
            "Policy       release-signing\n"
            "Users        unix:alice, unix-group:release\n"
            "Mechanisms   any\n"
            "Key          pkcs11:token=prod;object=release-key\n"
            "Certificate  yes\n");
  EXPECT_THAT(show.lines(), ElementsAre("GET /v1/signers/release"));
  EXPECT_EQ(Json::parse(RunAt(show, {"signer", "show", "release", "-o", "json"}).out), Signer());
}

TEST(PolicyCommands, ListAndShow) {
  Json open = Policy();
  open["max_window"] = nullptr;
  open["max_signings"] = nullptr;
  FakeGrantd list(Items(Json::array({Policy(), open})));
  EXPECT_EQ(RunAt(list, {"policy", "list"}).out,
            "NAME             MAX-WINDOW  MAX-SIGNINGS  STEPS\n"
            "release-signing  8h          10            Security review\n"
            "release-signing  any         any           Security review\n");
  FakeGrantd show(Policy());
  EXPECT_EQ(RunAt(show, {"policy", "show", "release-signing"}).out,
            "Policy              release-signing\n"
            "Longest window      8h\n"
            "Most signings       10\n"
            "Requests expire     after 24h\n"
            "Self-approval       no: four eyes\n"
            "Machine identities  need approval\n"
            "Steps               1. Security review: 1 approval by group:security, unix:dave "
            "(notified)\n");
}

TEST(PolicyShow, TellsWhatItAsksOfPeopleAndHours) {
  Json policy = Policy();
  policy["min_justification"] = 20;
  policy["hours"] = {"Mon-Fri 08:00-18:00", "Sat 09:00-12:00"};
  policy["time_zone"] = "Europe/Berlin";
  policy["requesters"] = {"unix:alice"};
  FakeGrantd grantd(policy);
  EXPECT_THAT(RunAt(grantd, {"policy", "show", "release-signing"}).out,
              ::testing::HasSubstr(
                  "Justification       at least 20 characters\n"
                  "Hours               Mon-Fri 08:00-18:00, Sat 09:00-12:00 (Europe/Berlin)\n"
                  "Requesters          unix:alice\n"));
}

TEST(RulesShow, ShowsVersionGroupsPoliciesAndSigners) {
  FakeGrantd grantd(Rules());
  EXPECT_EQ(RunAt(grantd, {"rules", "show"}).out, R"(Version  3
Applied  by unix:root, 2026-11-21T20:00:00Z (10m ago)

Groups
  NAME      MEMBERS
  security  unix:bob

Policies
  NAME             MAX-WINDOW  MAX-SIGNINGS  STEPS
  release-signing  8h          10            Security review

Signers
  NAME     POLICY           USERS                           MECHANISMS
  release  release-signing  unix:alice, unix-group:release  any
)");
  EXPECT_EQ(RunAt(grantd, {"rules", "show", "-o", "name"}).out, "3\n");
  EXPECT_EQ(Json::parse(RunAt(grantd, {"rules", "show", "-o", "json"}).out).dump(), Rules().dump());
}

TEST(RulesShow, NoRulesYet) {
  FakeGrantd grantd(Json::parse(R"({"version":0,"applied_by":null,"applied_at":null,"groups":[],
                                    "policies":[],"signers":[]})"));
  EXPECT_EQ(RunAt(grantd, {"rules", "show"}).out, "Version  0\nApplied  never\n");
}

TEST(RulesCommands, ShowUsersAndWhereTheyAreReached) {
  Json rules = Rules();
  rules["users"] = Json::parse(R"([{"name":"unix:bob","kind":"person","email":"bob@example.com"},
    {"name":"unix:ci","kind":"machine","email":null}])");
  FakeGrantd grantd(rules);
  EXPECT_THAT(RunAt(grantd, {"rules", "show"}).out,
              testing::HasSubstr("\nUsers\n"
                                 "  NAME      KIND     EMAIL\n"
                                 "  unix:bob  person   bob@example.com\n"
                                 "  unix:ci   machine  -\n"));
}

}  // namespace
}  // namespace grant::ctl
