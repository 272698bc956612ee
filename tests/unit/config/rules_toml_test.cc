#include "grantd/config/rules_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/pem.h"

namespace grant {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;

constexpr char kExample[] = R"([[group]]
name = "security"
members = ["unix:bob", "unix:carol"]

[[policy]]
name = "release-signing"
max_window = "8h"
max_signings = 10
max_request_ttl = "36h"
self_approval = false
bypass_machine_identities = false
[[policy.step]]
name = "Security review"
approvers = ["group:security", "unix:dave"]
required = 2
notify = true
[[policy.step]]
name = "Release"
approvers = ["unix-group:release"]

[[signer]]
name = "release"
key = "pkcs11:token=prod;object=release-key"
certificate = "release.pem"
policy = "release-signing"
users = ["unix:alice", "unix-group:release"]
mechanisms = ["RSA-PKCS", "SHA256-RSA-PKCS"]
acknowledge = ["decrypt"]
)";

const std::map<std::string, std::string> kFiles = {
    {"release.pem", std::string("a comment\n") + test::kCertificate}, {"empty.pem", ""}};

Principal Named(std::string_view text) {
  return *Principal::Parse(text);
}

std::vector<Principal> Members(const Principal& group) {
  if (group.text() != "unix-group:release") return {};
  return {Named("unix:frank"), Named("unix:grace")};
}

std::shared_ptr<const TimeZone> Zone(const std::string& name) {
  if (name != "Europe/Berlin") return nullptr;
  return std::make_shared<const TimeZone>(TimeZone::ParseRule("CET-1").value());
}

TEST(RulesToml, TakesAllThatIsSaid) {
  const auto rules = ParseRules(kExample, "rules.toml", kFiles);
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->groups.size(), 1U);
  EXPECT_EQ(rules->groups[0].name, "security");
  EXPECT_THAT(rules->groups[0].members, ElementsAre(Named("unix:bob"), Named("unix:carol")));

  ASSERT_EQ(rules->policies.size(), 1U);
  const Policy& policy = rules->policies[0];
  EXPECT_EQ(policy.name, "release-signing");
  EXPECT_EQ(policy.max_window, hours(8));
  EXPECT_EQ(policy.max_signings, 10U);
  EXPECT_EQ(policy.max_request_ttl, hours(36));
  EXPECT_FALSE(policy.self_approval);
  EXPECT_FALSE(policy.bypass_machine_identities);
  ASSERT_EQ(policy.steps.size(), 2U);
  EXPECT_EQ(policy.steps[0].name, "Security review");
  EXPECT_THAT(policy.steps[0].approvers, ElementsAre(Named("group:security"), Named("unix:dave")));
  EXPECT_EQ(policy.steps[0].required, 2U);
  EXPECT_TRUE(policy.steps[0].notify);
  EXPECT_EQ(policy.steps[1].required, 1U);
  EXPECT_FALSE(policy.steps[1].notify);

  ASSERT_EQ(rules->signers.size(), 1U);
  const Signer& signer = rules->signers[0];
  EXPECT_EQ(signer.name, "release");
  EXPECT_EQ(signer.key, "pkcs11:token=prod;object=release-key");
  EXPECT_EQ(signer.certificate, test::kCertificate);
  EXPECT_EQ(signer.policy, "release-signing");
  EXPECT_THAT(signer.users, ElementsAre(Named("unix:alice"), Named("unix-group:release")));
  EXPECT_THAT(signer.mechanisms, ElementsAre("RSA-PKCS", "SHA256-RSA-PKCS"));
  EXPECT_THAT(signer.acknowledged, ElementsAre("decrypt"));
}

TEST(RulesToml, HasDefaultsForWhatIsNotSaid) {
  const auto rules = ParseRules(R"([[policy]]
name = "p"
max_signings = 1
unbounded = true
[[policy.step]]
approvers = ["unix:bob"]
[[signer]]
name = "free"
key = "pkcs11:object=k"
users = ["unix:alice"]
)",
                                "rules.toml", {});
  ASSERT_TRUE(rules) << rules.error().message;
  const Policy& policy = rules->policies.at(0);
  EXPECT_EQ(policy.max_window, std::nullopt);
  EXPECT_EQ(policy.max_request_ttl, hours(24));
  EXPECT_TRUE(policy.self_approval);
  EXPECT_FALSE(policy.bypass_machine_identities);
  EXPECT_EQ(policy.min_justification, 0U);
  EXPECT_TRUE(policy.hours.Always());
  EXPECT_TRUE(policy.requesters.empty());
  EXPECT_EQ(policy.steps.at(0).name, "Step 1");
  const Signer& signer = rules->signers.at(0);
  EXPECT_EQ(signer.certificate, "");
  EXPECT_EQ(signer.policy, "");
  EXPECT_TRUE(signer.mechanisms.empty());
  EXPECT_TRUE(signer.acknowledged.empty());
}

TEST(RulesToml, AnEmptyDocumentIsNoRules) {
  const auto rules = ParseRules("", "rules.toml", {});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(*rules, Rules());
}

TEST(RulesToml, TakesWhatAPolicyAsksOfPeopleAndHours) {
  const auto rules = ParseRules(R"([[user]]
name = "unix:ci"
kind = "machine"
[[policy]]
name = "p"
unbounded = true
min_justification = 20
hours = ["Mon-Fri 08:00-18:00", "Sat 09:00-12:00"]
time_zone = "Europe/Berlin"
requesters = ["unix:alice"]
bypass_machine_identities = true
[[policy.step]]
approvers = ["unix:bob"]
)",
                                "rules.toml", {}, {Members, Zone});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_TRUE(rules->IsMachine(Named("unix:ci")));
  const Policy& policy = rules->policies.at(0);
  EXPECT_TRUE(policy.unbounded);
  EXPECT_EQ(policy.min_justification, 20U);
  EXPECT_EQ(policy.hours.text(), "Mon-Fri 08:00-18:00, Sat 09:00-12:00 (Europe/Berlin)");
  EXPECT_THAT(policy.requesters, ElementsAre(Named("unix:alice")));
  EXPECT_TRUE(policy.bypass_machine_identities);
}

struct WrongRule {
  const char* from;  // this text of kExample ...
  const char* to;    // ... is replaced by this
  const char* message;
  const char* hint;
};

class WrongRules : public ::testing::TestWithParam<WrongRule> {};

TEST_P(WrongRules, AreRefusedWithTheirLine) {
  std::string document = kExample;
  const std::string from = GetParam().from;
  const size_t at = document.find(from);
  ASSERT_NE(at, std::string::npos);
  document.replace(at, from.size(), GetParam().to);
  const auto rules = ParseRules(document, "rules.toml", kFiles, {Members, Zone});
  ASSERT_FALSE(rules) << document;
  EXPECT_EQ(rules.error().code, Code::kInvalid);
  EXPECT_EQ(rules.error().message, GetParam().message);
  EXPECT_EQ(rules.error().hint, GetParam().hint);
}

constexpr char kNameHint[] =
    "use up to 64 letters, digits, '.', '_' and '-', with a letter or a digit first";
constexpr char kDurationHint[] = "write it as 30m, 2h, 1h30m or 7d; at least 1s and at most 3650d";
constexpr char kPeopleHint[] = "write it as unix:NAME, unix-group:NAME or group:NAME";

INSTANTIATE_TEST_SUITE_P(
    Document, WrongRules,
    ::testing::Values(WrongRule{"[[group]]", "[[groups]]", "rules.toml:1: unknown key 'groups'",
                                "did you mean 'group'?"},
                      WrongRule{"[[group]]", "[group]",
                                "rules.toml:1: 'group' must be written as [[group]]", ""},
                      WrongRule{"[[policy.step]]", "[policy.step]",
                                "rules.toml:17: not TOML: table header: cannot redefine "
                                "existing table 'policy.step' as array-of-tables",
                                ""}));

INSTANTIATE_TEST_SUITE_P(
    Group, WrongRules,
    ::testing::Values(
        WrongRule{"members", "memebers", "rules.toml:3: unknown key 'memebers' in [[group]]",
                  "did you mean 'members'?"},
        WrongRule{"\"security\"", "\"the security\"",
                  "rules.toml:2: 'name' is 'the security', which is no name", kNameHint},
        WrongRule{"name = \"security\"\n", "", "rules.toml:1: [[group]]: 'name' is missing", ""},
        WrongRule{"members = [\"unix:bob\", \"unix:carol\"]", "",
                  "rules.toml:1: 'members' is missing", "add members = [\"unix:NAME\"]"},
        WrongRule{"\"unix:bob\", \"unix:carol\"", "",
                  "rules.toml:3: 'members' must have 1 to 1024 items, not 0", ""},
        WrongRule{"unix:bob", "bob", "rules.toml:3: 'members' is wrong: 'bob' names nobody",
                  kPeopleHint},
        WrongRule{"unix:bob", "unix:carol", "rules.toml:3: 'members' names 'unix:carol' twice", ""},
        WrongRule{"unix:bob", "group:release",
                  "rules.toml:3: 'members' names 'group:release', but groups do not nest",
                  "name the members of that group instead"},
        WrongRule{
            "[[policy]]", "[[group]]\nname = \"security\"\nmembers = [\"unix:a\"]\n[[policy]]",
            "rules.toml:5: group 'security' is defined twice", "rename or remove one of them"}));

INSTANTIATE_TEST_SUITE_P(
    Policy, WrongRules,
    ::testing::Values(
        WrongRule{"max_window = \"8h\"", "max_windows = \"8h\"",
                  "rules.toml:7: unknown key 'max_windows' in [[policy]]",
                  "did you mean 'max_window'?"},
        WrongRule{"\"8h\"", "\"8 hours\"",
                  "rules.toml:7: 'max_window' is wrong: '8 hours' is not a duration",
                  kDurationHint},
        WrongRule{"\"8h\"", "8", "rules.toml:7: 'max_window' must be a string, not a whole number",
                  ""},
        WrongRule{"max_signings = 10", "max_signings = 0",
                  "rules.toml:8: 'max_signings' must be from 1 to 1000000, not 0", ""},
        WrongRule{"max_signings = 10", "max_signings = -3",
                  "rules.toml:8: 'max_signings' must be from 1 to 1000000, not -3", ""},
        WrongRule{"max_signings = 10", "max_signings = 9223372036854775807",
                  "rules.toml:8: 'max_signings' must be from 1 to 1000000, not 9223372036854775807",
                  ""},
        WrongRule{"\"36h\"", "\"0s\"",
                  "rules.toml:9: 'max_request_ttl' is wrong: '0s' is not a duration",
                  kDurationHint},
        WrongRule{"self_approval = false", "self_approval = \"no\"",
                  "rules.toml:10: 'self_approval' must be true or false, not a string", ""},
        WrongRule{"max_window = \"8h\"\n", "",
                  "rules.toml:5: policy 'release-signing' has no max_window",
                  "set max_window, or unbounded = true to do without"},
        WrongRule{"max_signings = 10", "min_justification = 1001",
                  "rules.toml:8: 'min_justification' must be from 1 to 1000, not 1001", ""},
        WrongRule{"max_signings = 10", "max_signings = 10\nhours = [\"Mon-Fri 8-18\"]",
                  "rules.toml:9: 'hours' is wrong: 'Mon-Fri 8-18' names no hours of a week",
                  "write it as Mon-Fri 08:00-18:00, or Sat 09:00-24:00"},
        WrongRule{"max_signings = 10", "max_signings = 10\nhours = [\"Sat 09:00-12:00\"]",
                  "rules.toml:5: policy 'release-signing' has hours, but no time_zone",
                  "add time_zone = \"Europe/Berlin\", or \"UTC\""},
        WrongRule{
            "max_signings = 10",
            "max_signings = 10\nhours = [\"Sat 09:00-12:00\"]\ntime_zone = \"Mars/Olympus\"",
            "rules.toml:5: policy 'release-signing' names the unknown time zone 'Mars/Olympus'",
            "timedatectl list-timezones lists them; they are in the package tzdata"},
        WrongRule{"max_signings = 10", "max_signings = 10\nrequesters = [\"group:lost\"]",
                  "rules.toml:5: policy 'release-signing' names the unknown group 'lost'",
                  "define it with [[group]] name = \"lost\""},
        WrongRule{"max_signings = 10", "max_signings = 10\nunbounded = true",
                  "rules.toml:5: policy 'release-signing' has both bounds, and unbounded = true",
                  "remove unbounded, or the bound that it is not to have"}));

INSTANTIATE_TEST_SUITE_P(
    Step, WrongRules,
    ::testing::Values(
        WrongRule{"required", "require", "rules.toml:15: unknown key 'require' in [[policy.step]]",
                  "did you mean 'required'?"},
        WrongRule{"required = 2", "required = 0",
                  "rules.toml:15: 'required' must be from 1 to 64, not 0", ""},
        WrongRule{"\"Security review\"", "\"\"", "rules.toml:13: 'name' must not be empty", ""},
        WrongRule{"approvers = [\"unix-group:release\"]", "",
                  "rules.toml:17: 'approvers' is missing", "add approvers = [\"unix:NAME\"]"},
        WrongRule{
            "group:security", "group:secret",
            "rules.toml:12: step 1 of policy 'release-signing' names the unknown group 'secret'",
            "define it with [[group]] name = \"secret\""},
        WrongRule{
            "required = 2", "required = 4",
            "rules.toml:12: step 1 of policy 'release-signing' requires 4 approvals, but only 3 "
            "people can give one",
            "lower required or name more approvers"},
        WrongRule{
            "[\"unix-group:release\"]", "[\"unix-group:release\"]\nrequired = 3",
            "rules.toml:17: step 2 of policy 'release-signing' requires 3 approvals, but only 2 "
            "people can give one",
            "lower required or name more approvers"},
        WrongRule{
            "[[policy]]", "[[user]]\nname = \"unix:dave\"\nkind = \"machine\"\n[[policy]]",
            "rules.toml:15: step 1 of policy 'release-signing' names the machine unix:dave as an "
            "approver, through unix:dave",
            "machines approve nothing: name people"}));

INSTANTIATE_TEST_SUITE_P(
    Signer, WrongRules,
    ::testing::Values(
        WrongRule{"users =", "user =", "rules.toml:26: unknown key 'user' in [[signer]]",
                  "did you mean 'users'?"},
        WrongRule{"users = [\"unix:alice\", \"unix-group:release\"]", "",
                  "rules.toml:21: 'users' is missing", "add users = [\"unix:NAME\"]"},
        WrongRule{
            "token=prod;object=release-key", "token=prod",
            "rules.toml:23: 'key' is wrong: the URI 'pkcs11:token=prod' names no key: it needs "
            "object, id or both",
            "write it as pkcs11:token=LABEL;object=LABEL, with serial, manufacturer, model and "
            "id where they are needed"},
        WrongRule{
            "release.pem", "other.pem",
            "rules.toml:24: 'certificate' names the file 'other.pem', which was not sent along",
            "put it beside the rules file"},
        WrongRule{
            "release.pem", "empty.pem",
            "rules.toml:24: 'certificate' names the file 'empty.pem', which holds no certificate "
            "in PEM",
            "convert it: openssl x509 -inform der -in FILE -out FILE.pem"},
        WrongRule{"policy = \"release-signing\"", "policy = \"\"",
                  "rules.toml:25: 'policy' must not be empty", ""},
        WrongRule{"policy = \"release-signing\"", "policy = \"other\"",
                  "rules.toml:21: signer 'release' names the unknown policy 'other'",
                  "define it with [[policy]], or leave policy out to let the users sign at once"},
        WrongRule{
            "\"SHA256-RSA-PKCS\"", "\"SHA265-RSA-PKCS\"",
            "rules.toml:27: 'mechanisms' names 'SHA265-RSA-PKCS', which is no signing mechanism",
            "did you mean 'SHA256-RSA-PKCS'?"},
        WrongRule{"\"RSA-PKCS\"", "\"SHA256-RSA-PKCS\"",
                  "rules.toml:27: 'mechanisms' names 'SHA256-RSA-PKCS' twice", ""},
        WrongRule{
            "[\"decrypt\"]", "[\"decript\"]",
            "rules.toml:28: 'acknowledge' names 'decript', which is no finding of the key audit",
            "did you mean 'decrypt'?"},
        WrongRule{"[\"decrypt\"]", "\"decrypt\"",
                  "rules.toml:28: 'acknowledge' must be a list of strings, not a string", ""}));

TEST(RulesToml, IsBounded) {
  const auto rules = ParseRules(std::string(kRulesBytesMax + 1, '\n'), "rules.toml", {});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, Code::kTooLarge);
  EXPECT_EQ(rules.error().message, "rules.toml is 524289 bytes long; the limit is 524288");
}

TEST(RulesToml, BytesThatAreNoTextAreRefused) {
  const auto rules = ParseRules("[[group]]\nname = \"\xff\"\n", "rules.toml", {});
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error().message, ::testing::StartsWith("rules.toml:2: not TOML: "));
}

}  // namespace
}  // namespace grant
