#include "grantd/domain/narrowing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::vector<std::string> kApprovers = {"unix:bob", "unix:carol", "unix:dave", "unix:erin"};

// Everybody has to approve.
Rules FourApprovers() {
  Rules rules = MakeRules();
  rules.policies[0] =
      MakePolicy({{"Review", Ps({"unix:bob", "unix:carol", "unix:dave", "unix:erin"}), 4, false}});
  return rules;
}

Request Asked(const Wish& wish = MakeWish()) {
  return FileRequest(wish, FourApprovers(), Who("unix:alice"), At(0), "req_1").value();
}

Result<Approval> ApproveBy(const Request& request, const std::string& who, const Narrowing& left,
                           Time now = At(10)) {
  return Approve(request, FourApprovers(), Who(who), "", now, NoGroups, "grt_1", left);
}

Grant ApprovedWith(Request request, const std::vector<Narrowing>& left, Time now = At(10)) {
  for (size_t i = 0; i < kApprovers.size(); ++i) {
    auto approval = ApproveBy(request, kApprovers[i], left[i], now);
    if (!approval) throw std::runtime_error(approval.error().message);
    if (approval->grant) return *approval->grant;
    request = approval->request;
  }
  throw std::runtime_error("no grant");
}

TEST(Narrowing, NobodyWhoNarrowsLeavesWhatWasAskedFor) {
  const Grant grant = ApprovedWith(Asked(), {{}, {}, {}, {}});
  EXPECT_EQ(grant.max_signings, 3U);
  EXPECT_EQ(grant.not_after - grant.not_before, hours(2));
}

TEST(Narrowing, TheNarrowestOfAllApprovalsHolds) {
  const Grant grant =
      ApprovedWith(Asked(), {{2, std::nullopt}, {std::nullopt, minutes(30)}, {3, hours(1)}, {}});
  EXPECT_EQ(grant.max_signings, 2U);
  EXPECT_EQ(grant.not_after - grant.not_before, minutes(30));
}

TEST(Narrowing, IsRecordedWithItsDecision) {
  const auto approval = ApproveBy(Asked(), "unix:bob", {2, minutes(30)});
  ASSERT_TRUE(approval);
  EXPECT_EQ(approval->request.decisions[0].narrowing, (Narrowing{2, minutes(30)}));
  EXPECT_EQ(approval->request.signings, 3U);
}

TEST(Narrowing, WideningIsRefusedAndChangesNothing) {
  for (const Narrowing& left :
       {Narrowing{4, std::nullopt}, Narrowing{0, std::nullopt}, Narrowing{std::nullopt, hours(3)},
        Narrowing{std::nullopt, Duration(1)}}) {
    const auto approval = ApproveBy(Asked(), "unix:bob", left);
    ASSERT_FALSE(approval);
    EXPECT_EQ(approval.error().code, Code::kInvalid);
    EXPECT_THAT(approval.error().hint, testing::HasSubstr("approve with"));
  }
}

TEST(Narrowing, OfAWindowBetweenTwoInstantsTheTimeThatIsLeftCounts) {
  Wish wish = MakeWish();
  wish.window = {std::nullopt, At(100), At(4000)};
  const Narrowing half_hour{std::nullopt, minutes(30)};
  const Grant early = ApprovedWith(Asked(wish), {half_hour, {}, {}, {}}, At(10));
  EXPECT_EQ(early.not_before, At(100));
  EXPECT_EQ(early.not_after, At(1900));
  const Grant late = ApprovedWith(Asked(wish), {half_hour, {}, {}, {}}, At(3000));
  EXPECT_EQ(late.not_before, At(3000));
  EXPECT_EQ(late.not_after, At(4000));
}

TEST(Narrowing, OneByAnApproverWhoCountsNoMoreHoldsAllTheSame) {
  Rules rules = MakeRules();
  rules.policies[0] =
      MakePolicy({{"Review", Ps({"unix:bob", "unix:carol", "group:more"}), 2, false}});
  rules.groups.push_back({"more", Ps({"unix:dave"})});
  const Request request = FileRequest(MakeWish(), rules, Who("unix:alice"), At(0), "req_1").value();
  auto first = Approve(request, rules, Who("unix:dave"), "", At(1), NoGroups, "grt_1", {1, {}});
  ASSERT_TRUE(first);
  rules.groups.back().members = Ps({"unix:zoe"});
  auto second = Approve(first->request, rules, Who("unix:bob"), "", At(2), NoGroups, "grt_1");
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->grant) << "dave's approval counts no more";
  auto third = Approve(second->request, rules, Who("unix:carol"), "", At(3), NoGroups, "grt_1");
  ASSERT_TRUE(third && third->grant);
  EXPECT_EQ(third->grant->max_signings, 1U);
}

RC_GTEST_PROP(Narrowing, NoOrderOfApprovalsMakesAGrantLargerThanTheRequestOrAnyApproval, ()) {
  Wish wish = MakeWish();
  wish.signings = *rc::gen::inRange<uint32_t>(1, 11);
  const int64_t length = *rc::gen::inRange<int64_t>(1, 8 * 3600);
  if (*rc::gen::arbitrary<bool>()) {
    wish.window.duration = seconds(length);
  } else {
    const Time from = At(*rc::gen::inRange<int64_t>(-5000, 5000));
    wish.window = {std::nullopt, from, from + seconds(length)};
    RC_PRE(*wish.window.until > At(0));
  }
  const Request asked = Asked(wish);
  std::vector<Narrowing> left(kApprovers.size());
  for (Narrowing& one : left) {
    if (*rc::gen::arbitrary<bool>()) {
      one.signings = *rc::gen::inRange<uint32_t>(1, wish.signings + 1);
    }
    if (*rc::gen::arbitrary<bool>())
      one.window = seconds(*rc::gen::inRange<int64_t>(1, length + 1));
  }
  std::vector<size_t> order = {0, 1, 2, 3};
  std::vector<Grant> grants;
  const Time last = At(*rc::gen::inRange<int64_t>(1, 90'000));
  RC_PRE(last < asked.expires_at);
  do {
    Request request = asked;
    for (const size_t i : order) {
      auto approval = ApproveBy(request, kApprovers[i], left[i], last);
      RC_ASSERT(approval.has_value());
      if (approval->grant) grants.push_back(*approval->grant);
      request = approval->request;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  RC_ASSERT(grants.size() == 24U);
  for (const Grant& grant : grants) {
    RC_ASSERT(grant == grants.front());
    RC_ASSERT(grant.max_signings >= 1U && grant.max_signings <= wish.signings);
    const Duration usable = grant.not_after - std::max(grant.not_before, last);
    RC_ASSERT(usable <= seconds(length));
    if (wish.window.from) {
      RC_ASSERT(grant.not_before >= *wish.window.from && grant.not_after <= *wish.window.until);
    }
    for (const Narrowing& one : left) {
      RC_ASSERT(!one.signings || grant.max_signings <= *one.signings);
      RC_ASSERT(!one.window || usable <= *one.window);
    }
  }
}

}  // namespace
}  // namespace grant
