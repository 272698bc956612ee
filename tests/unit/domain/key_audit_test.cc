#include "grantd/domain/key_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace grant {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// A key as grantd makes one.
KeyTraits GoodKey(KeyFamily family = KeyFamily::kRsa) {
  KeyTraits traits;
  traits.family = family;
  for (auto trait :
       {&KeyTraits::sensitive, &KeyTraits::never_extractable, &KeyTraits::always_sensitive,
        &KeyTraits::local, &KeyTraits::limits_mechanisms}) {
    traits.*trait = true;
  }
  for (auto trait : {&KeyTraits::extractable, &KeyTraits::decrypt, &KeyTraits::unwrap,
                     &KeyTraits::derive, &KeyTraits::sign_recover, &KeyTraits::modifiable,
                     &KeyTraits::copyable, &KeyTraits::destroyable}) {
    traits.*trait = false;
  }
  return traits;
}

struct Case {
  std::optional<bool> KeyTraits::*trait;
  const char* name;
  Severity of_rsa;
  Severity of_ec;
};

constexpr Severity kWarning = Severity::kWarning;
constexpr Severity kCritical = Severity::kCritical;

const Case kCases[] = {
    {&KeyTraits::sensitive, "not-sensitive", kCritical, kCritical},
    {&KeyTraits::extractable, "extractable", kCritical, kCritical},
    {&KeyTraits::never_extractable, "was-extractable", kCritical, kCritical},
    {&KeyTraits::always_sensitive, "was-readable", kCritical, kCritical},
    {&KeyTraits::decrypt, "decrypt", kCritical, kWarning},
    {&KeyTraits::unwrap, "unwrap", kCritical, kWarning},
    {&KeyTraits::sign_recover, "sign-recover", kCritical, kWarning},
    {&KeyTraits::derive, "derive", kWarning, kCritical},
    {&KeyTraits::modifiable, "modifiable", kWarning, kWarning},
    {&KeyTraits::copyable, "copyable", kWarning, kWarning},
    {&KeyTraits::destroyable, "destroyable", kWarning, kWarning},
    {&KeyTraits::limits_mechanisms, "any-mechanism", kWarning, kWarning},
    {&KeyTraits::local, "imported", kWarning, kWarning},
};

auto Named(const std::string& name, Severity severity) {
  return AllOf(Field(&KeyFinding::name, name), Field(&KeyFinding::severity, severity));
}

TEST(KeyAudit, AKeyForSigningAloneHasNoFinding) {
  for (const KeyFamily family : {KeyFamily::kRsa, KeyFamily::kEc, KeyFamily::kEdwards}) {
    EXPECT_THAT(AuditKey(GoodKey(family), "prod"), IsEmpty());
  }
}

TEST(KeyAudit, EachAttributeIsAFindingOfItsOwn) {
  for (const Case& each : kCases) {
    for (const KeyFamily family : {KeyFamily::kRsa, KeyFamily::kEc}) {
      KeyTraits traits = GoodKey(family);
      traits.*each.trait = !*(traits.*each.trait);
      const Severity severity = family == KeyFamily::kRsa ? each.of_rsa : each.of_ec;
      const auto findings = AuditKey(traits, "prod");
      ASSERT_THAT(findings, ElementsAre(Named(each.name, severity)));
      EXPECT_THAT(findings[0].what, HasSubstr("CKA_"));
      EXPECT_FALSE(findings[0].why.empty());
      EXPECT_THAT(findings[0].hint, HasSubstr("grantctl key generate --token prod"));
    }
  }
}

TEST(KeyAudit, WhatTheTokenDoesNotSayIsANoteAndNoAlarm) {
  const auto findings = AuditKey(KeyTraits(), "prod");
  EXPECT_THAT(findings, SizeIs(std::size(kCases)));
  for (const KeyFinding& finding : findings) {
    EXPECT_EQ(finding.severity, Severity::kNote) << finding.name;
    EXPECT_THAT(finding.what, HasSubstr("does not say"));
  }
  EXPECT_THAT(Unacknowledged(findings, {}), IsEmpty());
}

TEST(KeyAudit, AKeyOfAnUnknownTypeIsTreatedLikeRsa) {
  KeyTraits traits = GoodKey(KeyFamily::kOther);
  traits.decrypt = true;
  EXPECT_THAT(AuditKey(traits, "prod"), ElementsAre(Named("decrypt", kCritical)));
}

TEST(KeyAudit, TheWorstStandsFirst) {
  KeyTraits traits = GoodKey();
  traits.copyable = true;
  traits.unwrap = true;
  traits.sensitive = std::nullopt;
  EXPECT_THAT(AuditKey(traits, "prod"),
              ElementsAre(Named("unwrap", kCritical), Named("copyable", kWarning),
                          Named("not-sensitive", Severity::kNote)));
}

TEST(KeyAudit, OnlyCriticalFindingsStandAndEachIsAcknowledgedByItsOwnName) {
  KeyTraits traits = GoodKey();
  traits.copyable = traits.unwrap = traits.decrypt = true;
  const auto findings = AuditKey(traits, "prod");
  EXPECT_THAT(Unacknowledged(findings, {}),
              UnorderedElementsAre(Named("decrypt", kCritical), Named("unwrap", kCritical)));
  EXPECT_THAT(Unacknowledged(findings, {"decrypt"}), ElementsAre(Named("unwrap", kCritical)));
  EXPECT_THAT(Unacknowledged(findings, {"decrypt", "copyable", "unwrap"}), IsEmpty());
}

TEST(KeyAudit, EveryNameIsKnownAndDifferent) {
  const auto names = FindingNames();
  EXPECT_EQ(std::set<std::string_view>(names.begin(), names.end()).size(), names.size());
  for (const Case& each : kCases) EXPECT_THAT(names, Contains(each.name));
}

}  // namespace
}  // namespace grant
