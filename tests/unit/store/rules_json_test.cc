#include "grantd/store/rules_json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "store_testing.h"

namespace grant {
namespace {

using Json = nlohmann::json;

// Texts with everything that JSON has to escape, and beyond ASCII.
rc::Gen<std::string> AnyText() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "Z", "0", " ", "\"", "\\", "/", "\n", "\x01", std::string(1, '\0'),
                          "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "{", "}", "[", "null")),
                      [](const std::vector<std::string>& parts) {
                        std::string text;
                        for (const std::string& part : parts) text += part;
                        return text;
                      });
}

rc::Gen<Principal> AnyPrincipal() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::element<std::string>("unix", "unix-group", "group"),
                    rc::gen::nonEmpty(rc::gen::container<std::string>(
                        rc::gen::element('a', 'Z', '9', '#', '{', '<', ':', '.')))),
      [](const std::pair<std::string, std::string>& parts) {
        return Must(Principal::Parse(parts.first + ":" + parts.second.substr(0, 100)));
      });
}

template <typename T>
rc::Gen<std::vector<T>> Some(rc::Gen<T> gen) {
  return rc::gen::scale(0.2, rc::gen::container<std::vector<T>>(std::move(gen)));
}

template <typename T>
rc::Gen<std::optional<T>> Perhaps(rc::Gen<T> gen) {
  return rc::gen::mapcat(rc::gen::arbitrary<bool>(), [gen](bool there) {
    return there ? rc::gen::map(gen, [](T value) { return std::optional<T>(std::move(value)); })
                 : rc::gen::just(std::optional<T>());
  });
}

rc::Gen<Duration> AnyDuration() {
  return rc::gen::map(rc::gen::arbitrary<int64_t>(),
                      [](int64_t millis) { return Duration(millis); });
}

rc::Gen<User> AnyUser() {
  return rc::gen::build<User>(
      rc::gen::set(&User::principal, AnyPrincipal()),
      rc::gen::set(&User::kind, rc::gen::element(UserKind::kPerson, UserKind::kMachine)),
      rc::gen::set(&User::email, AnyText()));
}

rc::Gen<Group> AnyGroup() {
  return rc::gen::build<Group>(rc::gen::set(&Group::name, AnyText()),
                               rc::gen::set(&Group::members, Some(AnyPrincipal())));
}

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::name, AnyText()),
                              rc::gen::set(&Step::approvers, Some(AnyPrincipal())),
                              rc::gen::set(&Step::required), rc::gen::set(&Step::notify));
}

rc::Gen<WeeklyHours> AnyHours() {
  const auto spans = Some(rc::gen::map(
      rc::gen::element<std::string>("Mon-Fri 08:00-18:00", "Sat 22:00-06:00", "Sun 00:00-24:00"),
      [](const std::string& text) { return Must(WeeklySpan::Parse(text)); }));
  return rc::gen::build<WeeklyHours>(rc::gen::set(&WeeklyHours::spans, spans),
                                     rc::gen::set(&WeeklyHours::time_zone, AnyText()));
}

rc::Gen<Policy> AnyPolicy() {
  return rc::gen::build<Policy>(
      rc::gen::set(&Policy::name, AnyText()),
      rc::gen::set(&Policy::max_window, Perhaps(AnyDuration())),
      rc::gen::set(&Policy::max_signings, Perhaps(rc::gen::arbitrary<uint32_t>())),
      rc::gen::set(&Policy::max_request_ttl, AnyDuration()), rc::gen::set(&Policy::self_approval),
      rc::gen::set(&Policy::bypass_machine_identities), rc::gen::set(&Policy::unbounded),
      rc::gen::set(&Policy::min_justification), rc::gen::set(&Policy::hours, AnyHours()),
      rc::gen::set(&Policy::requesters, Some(AnyPrincipal())),
      rc::gen::set(&Policy::steps, Some(AnyStep())));
}

rc::Gen<Signer> AnySigner() {
  return rc::gen::build<Signer>(
      rc::gen::set(&Signer::name, AnyText()), rc::gen::set(&Signer::key, AnyText()),
      rc::gen::set(&Signer::certificate, AnyText()), rc::gen::set(&Signer::policy, AnyText()),
      rc::gen::set(&Signer::users, Some(AnyPrincipal())),
      rc::gen::set(&Signer::requesters, Some(AnyPrincipal())),
      rc::gen::set(&Signer::mechanisms, Some(AnyText())),
      rc::gen::set(&Signer::acknowledged, Some(AnyText())));
}

RC_GTEST_PROP(RulesJson, RulesComeBackAsTheyWere, ()) {
  Rules rules;
  rules.users = *Some(AnyUser());
  rules.groups = *Some(AnyGroup());
  rules.policies = *Some(AnyPolicy());
  rules.signers = *Some(AnySigner());
  RC_ASSERT(Must(RulesFromJson(Must(RulesToJson(rules)))) == rules);
}

RC_GTEST_PROP(RulesJson, PolicyComesBackAsItWas, ()) {
  const Policy policy = *AnyPolicy();
  RC_ASSERT(Must(PolicyFromJson(Must(PolicyToJson(policy)))) == policy);
}

TEST(RulesJson, DigestsComeBackAsTheyWere) {
  for (const std::vector<Digest>& digests :
       {std::vector<Digest>(), std::vector<Digest>{SomeDigest('a'), SomeDigest('b')}}) {
    EXPECT_EQ(Must(DigestsFromJson(Must(DigestsToJson(digests)))), digests);
  }
}

TEST(RulesJson, TextThatIsNotUtf8IsRefused) {
  Policy policy = SomePolicy();
  policy.name = "\xff";
  EXPECT_THAT(PolicyToJson(policy), FailsWith(Code::kInvalid));
}

Rules FullRules() {
  Rules rules;
  rules.users = {User{Who("unix:bob"), UserKind::kPerson, "bob@example.com"}};
  rules.groups = {Group{"security", {Who("unix:bob")}}};
  rules.policies = {SomePolicy()};
  rules.signers = {Signer{"release",
                          "pkcs11:token=prod",
                          "PEM",
                          "release-signing",
                          {Who("unix:alice")},
                          {Who("unix:alice")},
                          {"RSA-PKCS"},
                          {"decrypt"}}};
  return rules;
}

// The pointers to everything below `json`, itself included.
void AllPointers(const Json& json, const Json::json_pointer& here,
                 std::vector<Json::json_pointer>& pointers) {
  pointers.push_back(here);
  if (json.is_object()) {
    for (const auto& [name, member] : json.items()) AllPointers(member, here / name, pointers);
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) AllPointers(json[i], here / i, pointers);
  }
}

class RulesJsonStrictness : public testing::Test {
 protected:
  RulesJsonStrictness() { AllPointers(json_, Json::json_pointer(), pointers_); }

  Json json_ = Json::parse(Must(RulesToJson(FullRules())));
  std::vector<Json::json_pointer> pointers_;
};

TEST_F(RulesJsonStrictness, EveryMissingMemberIsFound) {
  size_t tried = 0;
  for (const auto& pointer : pointers_) {
    if (pointer.empty() || !json_[pointer.parent_pointer()].is_object()) continue;
    // Earlier versions did not write it.
    if (pointer.to_string() == "/users" || pointer.to_string() == "/signers/0/requesters") continue;
    Json changed = json_;
    changed[pointer.parent_pointer()].erase(pointer.back());
    EXPECT_THAT(RulesFromJson(changed.dump()), FailsWith(Code::kInternal)) << pointer;
    ++tried;
  }
  EXPECT_GT(tried, 20U);
}

TEST_F(RulesJsonStrictness, EveryUnknownMemberIsFound) {
  for (const auto& pointer : pointers_) {
    if (!json_[pointer].is_object()) continue;
    Json changed = json_;
    changed[pointer]["surplus"] = 1;
    EXPECT_THAT(RulesFromJson(changed.dump()), FailsWith(Code::kInternal)) << pointer;
  }
}

TEST_F(RulesJsonStrictness, EveryValueOfAnotherTypeIsFound) {
  for (const auto& pointer : pointers_) {
    for (const Json& other : {Json(1.5), Json(-1.5), Json::parse(R"({"a":1})")}) {
      Json changed = json_;
      changed[pointer] = other;
      EXPECT_THAT(RulesFromJson(changed.dump()), FailsWith(Code::kInternal)) << pointer << other;
    }
  }
}

TEST_F(RulesJsonStrictness, NumbersOutOfRangeAreFound) {
  for (const char* pointer : {"/policies/0/max_signings", "/policies/0/steps/0/required"}) {
    for (const Json& number : {Json(-1), Json(4294967296), Json(UINT64_MAX)}) {
      Json changed = json_;
      changed[Json::json_pointer(pointer)] = number;
      EXPECT_THAT(RulesFromJson(changed.dump()), FailsWith(Code::kInternal)) << pointer << number;
    }
  }
}

TEST(RulesJson, RulesOfAnEarlierVersionHaveNoUsers) {
  const Rules rules = Must(RulesFromJson(R"({"groups":[],"policies":[],"signers":[]})"));
  EXPECT_EQ(rules, Rules());
}

TEST(RulesJson, AUserOfNoKnownKindIsFound) {
  EXPECT_THAT(RulesFromJson(R"({"users":[{"name":"unix:bob","kind":"robot","email":""}],
                                "groups":[],"policies":[],"signers":[]})"),
              FailsWith(Code::kInternal));
}

TEST(RulesJson, APolicyOfAnEarlierVersionIsRead) {
  const Policy policy = Must(PolicyFromJson(
      R"({"name":"release-signing","max_window_ms":3600000,"max_signings":null,
          "max_request_ttl_ms":86400000,"self_approval":false,"bypass_machine_identities":false,
          "steps":[{"name":"Review","approvers":["unix:bob"],"required":1,"notify":false}]})"));
  EXPECT_EQ(policy.max_window, std::chrono::hours(1));
  EXPECT_FALSE(policy.unbounded);
  EXPECT_EQ(policy.min_justification, 0U);
  EXPECT_TRUE(policy.hours.Always());
  EXPECT_TRUE(policy.requesters.empty());
}

TEST(RulesJson, WhatIsNotJsonIsFound) {
  for (const char* text : {"", "{", "null", "[]", "{}}", "\xff"}) {
    EXPECT_THAT(RulesFromJson(text), FailsWith(Code::kInternal)) << text;
    EXPECT_THAT(PolicyFromJson(text), FailsWith(Code::kInternal)) << text;
  }
  for (const char* text : {"", "{}", "null", "[1]", R"(["sha256:xy"])", R"(["md5:00"])"}) {
    EXPECT_THAT(DigestsFromJson(text), FailsWith(Code::kInternal)) << text;
  }
}

}  // namespace
}  // namespace grant
