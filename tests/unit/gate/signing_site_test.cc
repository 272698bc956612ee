// Auditors and the hours of policies, where signatures are made.
#include "tests/unit/domain/zones.h"
#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::HasSubstr;

class SigningSiteTest : public SigningTest {
 protected:
  tl::expected<void, gate::Refused> SignUnder(const Site& site, const std::string& who,
                                              const Signing::Alarm& alarm = nullptr) {
    Signing signing(
        *store_, keys_, logins_, [this] { return now_; }, site, alarm);
    delivered_ = false;
    auto operation = signing.Begin(PeerAs(who), target_);
    if (!operation) return tl::unexpected(operation.error());
    operation->content.Add(Bytes(32));
    return signing.Complete(*std::move(operation), [this](const Bytes&) { delivered_ = true; });
  }

  void ExpectRefused(const tl::expected<void, gate::Refused>& outcome, Cause cause,
                     const std::string& says) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().cause, cause);
    EXPECT_THAT(outcome.error().message, HasSubstr(says));
    EXPECT_FALSE(delivered_);
    EXPECT_EQ(Used(), 0U);
    EXPECT_EQ(Events().back(), event::kSignatureRefused);
  }
};

TEST_F(SigningSiteTest, AnAuditorIsRefusedAndSpendsNothing) {
  ExpectRefused(SignUnder({{P("unix:alice")}, {}}, "unix:alice"), Cause::kNotAUser,
                "unix:alice is an auditor");
  EXPECT_TRUE(SignUnder({{P("unix:eve")}, {}}, "unix:alice"));
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SigningSiteTest, UnderAnAlarmNothingIsSignedAndNothingSpent) {
  const auto alarm = [] {
    return Refusal{Cause::kDatabaseRestored, "the database is an older copy", "acknowledge", {}};
  };
  ExpectRefused(SignUnder({}, "unix:alice", alarm), Cause::kDatabaseRestored, "an older copy");
}

// It may come between the first look and the transaction that counts the use.
TEST_F(SigningSiteTest, AnAlarmThatComesMeanwhileStillRefuses) {
  int asked = 0;
  const auto alarm = [&asked]() -> std::optional<Refusal> {
    if (++asked < 2) return std::nullopt;
    return Refusal{Cause::kClockWrong, "it leapt ahead", "set it right", {}};
  };
  ExpectRefused(SignUnder({}, "unix:alice", alarm), Cause::kClockWrong, "it leapt ahead");
  EXPECT_EQ(asked, 2);
}

TEST_F(SigningSiteTest, AFindingThatNobodyAcknowledgedRefusesAndSpendsNothing) {
  keys_.Expose({{"release", {{"token-readable", Severity::kCritical, "", "", ""}}}});
  ExpectRefused(SignUnder({}, "unix:alice"), Cause::kKeyUnsafe,
                "the key audit found token-readable");
  Rules rules = MakeRules();
  rules.signers.pop_back();
  rules.signers[0].acknowledged = {"token-readable"};
  ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  EXPECT_TRUE(SignUnder({}, "unix:alice"));
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SigningSiteTest, AWarningAboutAKeyStopsNothing) {
  keys_.Expose({{"release", {{"same-user", Severity::kWarning, "", "", ""}}}});
  EXPECT_TRUE(SignUnder({}, "unix:alice"));
}

TEST_F(SigningSiteTest, OutsideTheHoursNothingIsSignedAndNothingSpent) {
  Rules rules = MakeRules();
  rules.signers.pop_back();
  rules.policies[0].hours = {{WeeklySpan::Parse("Mon-Fri 08:00-18:00").value()}, "Europe/Berlin"};
  ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  // 2027-01-15T08:00:10Z, a Friday; the grant is good for an hour.
  ASSERT_EQ(FormatTime(now_), "2027-01-15T08:00:10Z");
  EXPECT_TRUE(SignUnder({{}, TestZone}, "unix:alice"));
  EXPECT_EQ(Used(), 1U);
  const auto closed = SignUnder({{}, {}}, "unix:alice");
  ASSERT_FALSE(closed) << "no zone is known";
  EXPECT_EQ(closed.error().cause, Cause::kOutsideHours);
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SigningSiteTest, TheHoursAreThoseOfTheMoment) {
  Rules rules = MakeRules();
  rules.signers.pop_back();
  rules.policies[0].hours = {{WeeklySpan::Parse("Fri 09:00-09:30").value()}, "Europe/Berlin"};
  ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendRules(rules, P("unix:root"), At(0)));
    return {};
  }));
  const Site site{{}, TestZone};
  now_ = At(1800);
  ExpectRefused(SignUnder(site, "unix:alice"), Cause::kOutsideHours, "and it is Fri 09:30 there");
  now_ = At(1799);
  EXPECT_TRUE(SignUnder(site, "unix:alice"));
}

}  // namespace
}  // namespace grant
