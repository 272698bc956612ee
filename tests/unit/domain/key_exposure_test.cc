#include "grantd/domain/key_exposure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace grant {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kGrantd = 500;
constexpr uint32_t kTokenGroup = 700;

const SystemUser kAlice{"unix:alice", 1000, {1000}};
const SystemUser kInGroup{"unix:bob", 1001, {1001, kTokenGroup}};

// /, a folder, and what is in it, of grantd's user and the token's group.
PathChain Chain(uint32_t folder_mode, uint32_t mode, bool directory = false) {
  return {{"/", 0, 0, 0755, true},
          {"/token", kGrantd, kTokenGroup, folder_mode, true},
          {"/token/key", kGrantd, kTokenGroup, mode, directory}};
}

TokenExposure Closed() {
  return {{Chain(0700, 0600)}, Chain(0700, 0600), {}};
}

std::vector<std::string> Names(const std::vector<KeyFinding>& findings) {
  std::vector<std::string> names;
  for (const KeyFinding& finding : findings) names.push_back(finding.name);
  return names;
}

TEST(KeyExposure, ClosedFilesAreNoFinding) {
  EXPECT_THAT(AuditExposure(Closed(), {kAlice, kInGroup}, kGrantd), IsEmpty());
}

TEST(KeyExposure, EveryFolderOnTheWayHasToLetPass) {
  EXPECT_FALSE(MayReach(Chain(0700, 0666), kAlice));
  EXPECT_TRUE(MayReach(Chain(0711, 0644), kAlice));
  EXPECT_TRUE(MayReach(Chain(0711, 0602), kAlice));
  EXPECT_FALSE(MayReach(Chain(0744, 0644), kAlice));
  EXPECT_FALSE(MayReach(Chain(0755, 0600), kAlice));
}

TEST(KeyExposure, OwnerAndGroupHaveTheirOwnBits) {
  EXPECT_TRUE(MayReach(Chain(0750, 0640), kInGroup));
  EXPECT_FALSE(MayReach(Chain(0750, 0640), kAlice));
  // The group's bits hold for its members, even where others may do more.
  EXPECT_FALSE(MayReach(Chain(0705, 0604), kInGroup));
  EXPECT_TRUE(MayReach(Chain(0700, 0600), {"grantd", kGrantd, {}}));
}

TEST(KeyExposure, AFolderIsReachedByChangingWhatIsInIt) {
  EXPECT_FALSE(MayReach(Chain(0755, 0755, true), kAlice));
  EXPECT_TRUE(MayReach(Chain(0755, 0777, true), kAlice));
}

TEST(KeyExposure, ATokenThatAnybodyReadsIsCritical) {
  TokenExposure exposure = Closed();
  exposure.token_files.push_back(Chain(0755, 0644));
  const auto findings = AuditExposure(exposure, {}, kGrantd);
  ASSERT_THAT(Names(findings), ElementsAre("token-readable"));
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
  EXPECT_THAT(findings[0].what, HasSubstr("everybody"));
  EXPECT_THAT(findings[0].hint, HasSubstr("chmod 600 /token/key"));
}

TEST(KeyExposure, OfAUserWhomNobodyKnowsTheWorstIsTaken) {
  SystemUser unknown;
  unknown.unknown = true;
  EXPECT_THAT(AuditExposure(Closed(), {unknown}, kGrantd), IsEmpty());
  TokenExposure exposure = Closed();
  exposure.token_files = {Chain(0750, 0640)};
  EXPECT_THAT(Names(AuditExposure(exposure, {unknown}, kGrantd)), ElementsAre("token-readable"));
  exposure.token_files = {Chain(0711, 0600)};
  exposure.token_files[0][2].uid = kAlice.uid;
  EXPECT_THAT(Names(AuditExposure(exposure, {unknown}, kGrantd)), ElementsAre("token-readable"));
}

TEST(KeyExposure, ReadableFilesOfATokenAreToBeAcknowledgedForTheWrapPlacement) {
  TokenExposure exposure = Closed();
  exposure.token_files.push_back(Chain(0755, 0644));
  const auto findings = AuditExposure(exposure, {}, kGrantd);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].hint, HasSubstr("wrap placement"));
  EXPECT_THAT(findings[0].hint, HasSubstr("acknowledge = [\"token-readable\"]"));
}

TEST(KeyExposure, ATokenThatAUserOfTheSignerReadsIsCritical) {
  TokenExposure exposure = Closed();
  exposure.token_files = {Chain(0750, 0640)};
  EXPECT_THAT(AuditExposure(exposure, {kAlice}, kGrantd), IsEmpty());
  const auto findings = AuditExposure(exposure, {kAlice, kInGroup}, kGrantd);
  ASSERT_THAT(Names(findings), ElementsAre("token-readable"));
  EXPECT_THAT(findings[0].what, HasSubstr("unix:bob"));
}

TEST(KeyExposure, APinFileThatOthersReadOrOwnIsCritical) {
  TokenExposure readable = Closed();
  readable.pin_file = Chain(0755, 0644);
  EXPECT_THAT(Names(AuditExposure(readable, {}, kGrantd)), ElementsAre("pin-readable"));
  TokenExposure owned = Closed();
  owned.pin_file.back().uid = kAlice.uid;
  const auto findings = AuditExposure(owned, {}, kGrantd);
  ASSERT_THAT(Names(findings), ElementsAre("pin-readable"));
  EXPECT_EQ(findings[0].severity, Severity::kCritical);
}

TEST(KeyExposure, AUserWhomModesDoNotBindIsAWarning) {
  for (const uint32_t uid : {0U, kGrantd}) {
    const auto findings = AuditExposure(Closed(), {{"unix:somebody", uid, {}}}, kGrantd);
    ASSERT_THAT(Names(findings), ElementsAre("same-user"));
    EXPECT_EQ(findings[0].severity, Severity::kWarning);
  }
}

TEST(KeyExposure, AnotherRegistrationOfTheModuleIsAWarning) {
  TokenExposure exposure = Closed();
  exposure.other_modules = {{"/usr/share/p11-kit/modules/softhsm2.module", "libsofthsm2.so"}};
  const auto findings = AuditExposure(exposure, {}, kGrantd);
  ASSERT_THAT(Names(findings), ElementsAre("other-module"));
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
}

TEST(KeyExposure, ItsFindingsCanBeAcknowledged) {
  TokenExposure exposure{{Chain(0755, 0644)}, Chain(0755, 0644), {{"a.module", "b.so"}}};
  const auto findings = AuditExposure(exposure, {{"unix:root", 0, {}}}, kGrantd);
  ASSERT_THAT(findings, SizeIs(4));
  const auto names = FindingNames();
  for (const KeyFinding& finding : findings) {
    EXPECT_NE(std::find(names.begin(), names.end(), finding.name), names.end()) << finding.name;
  }
}

}  // namespace
}  // namespace grant
