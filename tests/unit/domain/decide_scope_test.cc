// Grants for certain users and programs, and hints that can be followed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "grantd/domain/decide.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using testing::HasSubstr;

class DecideByScope : public testing::Test {
 protected:
  Ruling Ask(const Grant& grant, const std::string& program) {
    Attempt attempt{Who("unix:alice"), "RSA-PKCS", {}, ""};
    attempt.program = program;
    return Decide(attempt, rules_.signers[0], rules_, {grant}, At(10), Site{});
  }
  static Refusal RefusalOf(const Ruling& ruling) { return std::get<Refusal>(ruling); }

  Rules rules_ = MakeRules();
};

TEST_F(DecideByScope, OnlyTheProgramNamedMayUseIt) {
  Grant grant = MakeGrant("grt_1");
  grant.scopes = {Scope::Parse("program=/usr/bin/osslsigncode").value()};
  EXPECT_TRUE(std::holds_alternative<Candidates>(Ask(grant, "/usr/bin/osslsigncode")));
  const Refusal other = RefusalOf(Ask(grant, "/usr/bin/openssl"));
  EXPECT_EQ(other.cause, Cause::kOutOfScope);
  EXPECT_EQ(other.message, "grant grt_1 does not cover unix:alice running /usr/bin/openssl");
  EXPECT_EQ(other.hint, "grantctl grant show grt_1 lists its scopes");
  EXPECT_EQ(RefusalOf(Ask(grant, "")).message,
            "grant grt_1 does not cover unix:alice running a program that grantd cannot see");
}

TEST_F(DecideByScope, TheUserIsWhoSignsAndNotTheHolder) {
  Grant grant = MakeGrant("grt_1");
  grant.scopes = {Scope::Parse("user=unix:ci").value()};
  Attempt attempt{Who("unix:ci"), "RSA-PKCS", {}, ""};
  attempt.by_secret = BySecret{"grt_1", Who("unix:alice")};
  EXPECT_TRUE(std::holds_alternative<Candidates>(
      Decide(attempt, rules_.signers[0], rules_, {grant}, At(10), Site{})));
  attempt.caller = Who("unix:mallory");
  EXPECT_EQ(RefusalOf(Decide(attempt, rules_.signers[0], rules_, {grant}, At(10), Site{})).cause,
            Cause::kOutOfScope);
}

TEST_F(DecideByScope, AHintKeepsToThePolicy) {
  rules_.policies[0].max_window = std::chrono::minutes(20);
  rules_.policies[0].max_signings = 2;
  Grant grant = MakeGrant("grt_1", 5);
  grant.used = 5;
  EXPECT_EQ(RefusalOf(Ask(grant, "")).hint,
            "grantctl request create release --signings 2 --window 20m --reason '...'");
  rules_.policies[0].max_window.reset();
  rules_.policies[0].max_signings.reset();
  EXPECT_EQ(RefusalOf(Ask(grant, "")).hint,
            "grantctl request create release --signings 5 --window 1h --reason '...'");
}

TEST_F(DecideByScope, AReleasedGrantIsOver) {
  const Grant grant = Release(MakeGrant("grt_1"), Who("unix:alice"), "done", At(5)).value();
  EXPECT_EQ(StatusOf(grant, At(6)), GrantStatus::kReleased);
  EXPECT_THAT(RefusalOf(Ask(grant, "")).message,
              HasSubstr("was released by its holder unix:alice"));
}

TEST(ReleaseGrant, IsTheHoldersAlone) {
  const auto other = Release(MakeGrant("grt_1"), Who("unix:bob"), "", At(5));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kForbidden);
}

TEST(ReleaseGrant, NeedsSomethingLeftToRelease) {
  Grant used = MakeGrant("grt_1", 1);
  used.used = 1;
  Grant revoked = Revoke(MakeGrant("grt_1"), P("unix:bob"), "why", At(1)).value();
  Grant released = Release(MakeGrant("grt_1"), Who("unix:alice"), "", At(1)).value();
  for (const Grant& over : {used, revoked, released}) {
    EXPECT_EQ(Release(over, Who("unix:alice"), "", At(5)).error().code, Code::kConflict);
  }
  EXPECT_EQ(Release(MakeGrant("grt_1"), Who("unix:alice"), "", At(5000)).error().code,
            Code::kConflict);
  EXPECT_TRUE(Release(MakeGrant("grt_1"), Who("unix:alice"), "", At(-5)));
  EXPECT_EQ(Revoke(released, P("unix:bob"), "why", At(5)).error().code, Code::kConflict);
}

TEST(FileRequestScopes, AGrantThatNobodyCouldUseIsNotAskedFor) {
  Wish wish = MakeWish();
  wish.scopes = {Scope::Parse("user=unix:ci").value()};
  const auto refused = FileRequest(wish, MakeRules(), Who("unix:alice"), At(0), "req_1");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().hint, HasSubstr("--secret"));
  wish.with_secret = true;
  EXPECT_TRUE(FileRequest(wish, MakeRules(), Who("unix:alice"), At(0), "req_1"));
}

TEST(FileRequestContent, FilesAddTheirDigestsOnceAndTheirNamesAreShown) {
  const Digest digest = Digest::Parse("sha256:" + std::string(64, 'a')).value();
  Wish wish = MakeWish();
  wish.digests = {digest};
  wish.files = {{"evil\x1b.exe", digest}};
  const Request request = FileRequest(wish, MakeRules(), Who("unix:alice"), At(0), "req_1").value();
  EXPECT_THAT(request.digests, testing::ElementsAre(digest));
  ASSERT_EQ(request.files.size(), 1U);
  EXPECT_EQ(request.files[0].name, "evil_.exe");
}

}  // namespace
}  // namespace grant
