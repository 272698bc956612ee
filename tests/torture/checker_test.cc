// The checker of the torture sees every breach that it is there for: each test doctors records of a
// sound history in one way.
#include "tests/torture/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A grant of two signatures, of which one was delivered and one was lost in a crash; an open
// request, and a rejected one.
class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    state_.rules_version = 1;
    state_.requests = {
        {"req_a", "approved", "grt_a"}, {"req_o", "open", ""}, {"req_r", "rejected", ""}};
    state_.decisions = {{"req_a", "unix:bob"}, {"req_r", "unix:bob"}};
    state_.grants = {{"grt_a", "req_a", 2, 2, false}};
    state_.uses = {{5, "grt_a", "sha256:aa", "signed"}, {6, "grt_a", "sha256:bb", "unsettled"}};
    state_.audit = {{1, "request.filed", "req_a"},          {2, "request.filed", "req_o"},
                    {3, "request.approved", "req_a"},       {4, "grant.issued", "grt_a"},
                    {5, "signature.spent", "grt_a"},        {6, "signature.spent", "grt_a"},
                    {7, "signature.unsettled", "grt_a", 6}, {8, "request.filed", "req_r"},
                    {9, "request.rejected", "req_r"}};
    told_.delivered = {{"sha256:aa", 1000}};
    told_.acknowledged = {{"filed", "req_a", "unix:alice", "open", 100},
                          {"decided", "req_a", "unix:bob", "approved", 200},
                          {"decided", "req_r", "unix:bob", "rejected", 300},
                          {"rules", "1", "unix:root", "-", 50}};
  }

  std::vector<std::string> Violations() const { return Check(told_, state_).violations; }

  void Drop(int64_t number) {
    std::erase_if(state_.audit, [&](const auto& entry) { return entry.number == number; });
  }

  // As it is once the grant was revoked after entry 9, at 2000.
  void Revoke() {
    state_.grants[0].ended = true;
    state_.audit.push_back({10, "grant.revoked", "grt_a"});
    told_.acknowledged.push_back({"ended", "grt_a", "unix:root", "revoked", 2000});
  }

  // As it is if the token refused the use that was lost.
  void GiveBack() {
    state_.uses[1].outcome = "returned";
    state_.audit[6] = {7, "signature.returned", "grt_a", 6};
    state_.grants[0].used = 1;
    told_.given_back = {{"sha256:bb"}};
  }

  State state_;
  Testimony told_;
};

TEST_F(CheckerTest, ASoundHistoryHasNoViolation) {
  EXPECT_THAT(Violations(), IsEmpty());
  Revoke();
  EXPECT_THAT(Violations(), IsEmpty());
  const Tally tally = Check(told_, state_).tally;
  EXPECT_EQ(tally.delivered, 1U);
  EXPECT_EQ(tally.uses, 2U);
  EXPECT_THAT(tally.lost, ElementsAre(std::pair("unsettled", 1U)));
}

TEST_F(CheckerTest, OneSignatureTooMany) {
  told_.delivered.push_back({"sha256:bb", 1001});
  EXPECT_THAT(Violations(), IsEmpty()) << "whether it was delivered was not known";
  told_.delivered.push_back({"sha256:cc", 1002});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("sha256:cc was delivered and has no use")));
  state_.uses.push_back({10, "grt_a", "sha256:cc", "signed"});
  state_.audit.push_back({10, "signature.spent", "grt_a"});
  EXPECT_THAT(Violations(), ElementsAre("grt_a: 3 delivered, 3 uses, 2 of 2 counted",
                                        "grt_a: 3 spent and 0 given back in the audit, 2 counted"));
  state_.grants[0].used = 3;
  EXPECT_THAT(Violations(), ElementsAre("grt_a: 3 delivered, 3 uses, 3 of 2 counted"));
}

TEST_F(CheckerTest, AContentSignedTwice) {
  told_.delivered.push_back({"sha256:aa", 1001});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("1 uses and 2 deliveries")));
}

TEST_F(CheckerTest, AUseThatWasGivenBackAndIsCountedStill) {
  GiveBack();
  EXPECT_THAT(Violations(), IsEmpty());
  state_.grants[0].used = 2;
  EXPECT_THAT(Violations(), ElementsAre("grt_a: 1 delivered, 1 uses, 2 of 2 counted",
                                        "grt_a: 2 spent and 1 given back in the audit, 2 counted"));
}

TEST_F(CheckerTest, AUseThatWasGivenBackTwice) {
  GiveBack();
  state_.audit.push_back({10, "signature.returned", "grt_a", 6});
  EXPECT_THAT(Violations(),
              testing::Contains("use 6 is returned and has 2 entries signature.returned"));
}

TEST_F(CheckerTest, AUseThatWasGivenBackAndHasNoEntryOfIt) {
  GiveBack();
  Drop(7);
  EXPECT_THAT(Violations(), testing::Contains("use 6 is returned, undelivered, unexplained"));
}

TEST_F(CheckerTest, AnEntryThatGivesBackWhatStaysSpent) {
  state_.audit.push_back({10, "signature.returned", "grt_a", 5});
  EXPECT_THAT(Violations(), testing::UnorderedElementsAre(
                                "use 5 is signed and has 1 entries signature.returned",
                                "grt_a: 2 spent and 1 given back in the audit, 2 counted"));
}

TEST_F(CheckerTest, AUseThatWasGivenBackAndDelivered) {
  GiveBack();
  told_.delivered.push_back({"sha256:bb", 1001});
  EXPECT_THAT(Violations(), testing::Contains("use 6 was delivered and is returned"));
}

TEST_F(CheckerTest, AUseThatStaysSpentThoughAClientWasToldOtherwise) {
  told_.given_back = {{"sha256:bb"}};
  EXPECT_THAT(Violations(), ElementsAre("use 6 was given back, and is unsettled"));
}

TEST_F(CheckerTest, AUseThatIsGoneOfWhichAClientWasToldThatItWasGivenBack) {
  told_.given_back = {{"sha256:cc"}};
  EXPECT_THAT(Violations(), ElementsAre("sha256:cc was given back once, and has 0 uses"));
}

TEST_F(CheckerTest, AMissingAuditEntryOfAUse) {
  Drop(5);
  EXPECT_THAT(Violations(), ElementsAre("use 5 has no signature.spent in the audit",
                                        "grt_a: 1 spent and 0 given back in the audit, 2 counted"));
}

TEST_F(CheckerTest, AMissingUseOfAnAuditEntry) {
  state_.uses.pop_back();
  state_.grants[0].used = 1;
  EXPECT_THAT(Violations(), ElementsAre("entry 6 is signature.spent without a use",
                                        "grt_a: 2 spent and 0 given back in the audit, 1 counted"));
}

TEST_F(CheckerTest, AnUnexplainedUse) {
  Drop(7);
  EXPECT_THAT(Violations(), ElementsAre("use 6 is unsettled, undelivered, unexplained"));
}

TEST_F(CheckerTest, AUseThatIsCalledSignedAndWasNotDelivered) {
  told_.delivered.clear();
  EXPECT_THAT(Violations(), ElementsAre("use 5 is signed, undelivered, unexplained"));
}

TEST_F(CheckerTest, AUseThatNoStartSettled) {
  state_.uses[0].outcome = "pending";
  EXPECT_THAT(Violations(), testing::Contains("use 5 is still pending after a start"));
}

TEST_F(CheckerTest, ADeliveryAfterTheAcknowledgedEnd) {
  Revoke();
  told_.delivered[0].asked_at = 2001;
  EXPECT_THAT(Violations(),
              ElementsAre("use 5 was delivered after the end of grt_a was acknowledged"));
}

TEST_F(CheckerTest, AUseAfterTheEnd) {
  Revoke();
  state_.audit.back().number = 5;
  EXPECT_THAT(Violations(), ElementsAre("use 6 was spent after the end of grt_a"));
}

TEST_F(CheckerTest, AnEndThatIsGone) {
  Revoke();
  state_.grants[0].ended = false;
  EXPECT_THAT(Violations(), ElementsAre("grt_a and the audit differ about its end",
                                        HasSubstr("ended grt_a (revoked) of unix:root was "
                                                  "acknowledged and is gone")));
}

TEST_F(CheckerTest, TwoGrantsOfARequest) {
  state_.grants.push_back({"grt_b", "req_a", 2, 0, false});
  state_.audit.push_back({10, "grant.issued", "grt_b"});
  EXPECT_THAT(Violations(), ElementsAre("req_a is approved and has 2 grants"));
}

TEST_F(CheckerTest, AnApprovalWithoutAGrantAndAGrantWithoutAnApproval) {
  state_.grants[0].request_id = "req_r";
  EXPECT_THAT(Violations(), ElementsAre("req_a is approved and has 0 grants",
                                        "req_r is rejected and has 1 grants"));
}

TEST_F(CheckerTest, ARequestThatEndedInTwoWays) {
  state_.audit.push_back({10, "request.approved", "req_r"});
  EXPECT_THAT(Violations(), ElementsAre("req_r is rejected and 1 times approved in the audit"));
}

TEST_F(CheckerTest, AnAcknowledgedDecisionThatIsGone) {
  state_.decisions.pop_back();
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("is not among the decisions")));
}

TEST_F(CheckerTest, AnAcknowledgedRequestThatIsGone) {
  told_.acknowledged.push_back({"filed", "req_x", "unix:alice", "open", 400});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("filed req_x (open) of unix:alice was "
                                                  "acknowledged and is gone")));
}

TEST_F(CheckerTest, AnAcknowledgedOutcomeThatIsAnother) {
  told_.acknowledged[2].status = "approved";
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("and now is rejected")));
}

TEST_F(CheckerTest, AnAcknowledgedExpiryThatBecameAnApproval) {
  told_.acknowledged.push_back({"commented", "req_o", "unix:alice", "expired", 400});
  EXPECT_THAT(Violations(), IsEmpty()) << "it is not recorded yet";
  told_.acknowledged.push_back({"commented", "req_a", "unix:alice", "expired", 400});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("(expired) of unix:alice was acknowledged and "
                                                  "now is approved")));
}

TEST_F(CheckerTest, AcknowledgedRulesThatAreGone) {
  told_.acknowledged.push_back({"rules", "2", "unix:root", "-", 400});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("rules 2")));
}

TEST_F(CheckerTest, ABrokenAuditChain) {
  state_.chain_fault = "entry 3 was changed";
  EXPECT_THAT(Violations(), ElementsAre("the audit chain: entry 3 was changed"));
}

TEST(CheckTrace, ASignatureGoesOutOnceWhenDurableAndNotWithdrawn) {
  const std::vector<TraceLine> sound = {{1, 7, "spend.counted", 5, "grt_a"},
                                        {2, 7, "spend.committed", 5, "grt_a"},
                                        {3, 8, "reply.before", 5, "grt_a"},
                                        {4, 9, "revoke.withdrawn", 0, "grt_a"}};
  EXPECT_THAT(CheckTrace(sound), IsEmpty());
  const auto swapped = [&](size_t a, size_t b) {
    auto trace = sound;
    std::swap(trace[a], trace[b]);
    return CheckTrace(trace);
  };
  EXPECT_THAT(swapped(1, 2), ElementsAre("trace: use 5 goes out before it is durable"));
  EXPECT_THAT(swapped(2, 3), ElementsAre("trace: use 5 goes out after the end of grt_a"));
  auto twice = sound;
  twice.insert(twice.begin() + 3, sound[2]);
  EXPECT_THAT(CheckTrace(twice), ElementsAre("trace: use 5 goes out twice"));
  auto refused = sound;
  refused.insert(refused.begin() + 2, {3, 8, "token.failed", 5, "grt_a"});
  EXPECT_THAT(CheckTrace(refused), ElementsAre("trace: use 5 goes out after the token gave none"));
}

}  // namespace
}  // namespace grant::test
