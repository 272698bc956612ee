// What the workflow puts into the outbox, and for whom.
#include "tests/unit/notify/fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Announce : public NotifyTest {
 protected:
  // "request.filed 0 unix:alice": event, step and actor of each notification.
  std::vector<std::string> Announced() {
    std::vector<std::string> lines;
    for (const Notification& one : Unprepared()) {
      lines.push_back(one.event + " " + (one.step ? std::to_string(*one.step) : "outcome") + " " +
                      one.actor.text());
    }
    return lines;
  }
};

TEST_F(Announce, EachStepToItsApproversAndTheApprovalToTheRequester) {
  const std::string id = File();
  EXPECT_EQ(announced_, 1);
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  ASSERT_TRUE(workflow_->Approve(Who("unix:dave"), id, ""));
  EXPECT_THAT(Announced(),
              ElementsAre("request.filed 0 unix:alice", "request.step-approved 1 unix:bob",
                          "request.approved outcome unix:dave"));
  for (const Notification& one : Unprepared()) EXPECT_EQ(one.request_id, id);
}

TEST_F(Announce, OnlyTheApprovalThatCompletesAStep) {
  Rules rules = NotifyingRules();
  rules.policies[0].steps[0].required = 2;
  ApplyRules(rules);
  const std::string id = File();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  EXPECT_THAT(Announced(), ElementsAre("request.filed 0 unix:alice"));
  ASSERT_TRUE(workflow_->Approve(Who("unix:carol"), id, ""));
  EXPECT_THAT(Announced(),
              ElementsAre("request.filed 0 unix:alice", "request.step-approved 1 unix:carol"));
}

TEST_F(Announce, NoStepThatDoesNotWantItButTheOutcomeAlways) {
  Rules rules = NotifyingRules();
  for (Step& step : rules.policies[0].steps) step.notify = false;
  ApplyRules(rules);
  const std::string id = File();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  EXPECT_THAT(Announced(), IsEmpty());
  ASSERT_TRUE(workflow_->Reject(Who("unix:dave"), id, "no"));
  EXPECT_THAT(Announced(), ElementsAre("request.rejected outcome unix:dave"));
}

TEST_F(Announce, ACancellationAnExpiryAndARevocation) {
  ASSERT_TRUE(workflow_->Cancel(Who("unix:root"), File(), ""));
  EXPECT_EQ(Announced().back(), "request.cancelled outcome unix:root");
  const std::string id = File();
  ASSERT_TRUE(workflow_->Approve(Who("unix:bob"), id, ""));
  const auto approved = workflow_->Approve(Who("unix:dave"), id, "");
  ASSERT_TRUE(approved);
  ASSERT_TRUE(workflow_->Revoke(Who("unix:bob"), *approved->request.grant_id, "leak"));
  EXPECT_EQ(Announced().back(), "grant.revoked outcome unix:bob");
  File();
  now_ += std::chrono::hours(25);
  EXPECT_EQ(workflow_->ExpireOverdue().value(), 1U);
  EXPECT_EQ(Announced().back(), "request.expired outcome grantd:self");
}

TEST_F(Announce, NothingThatDidNotHappen) {
  const std::string id = File();
  ASSERT_FALSE(workflow_->Approve(Who("unix:dave"), id, "")) << "it is not his step";
  ASSERT_FALSE(workflow_->Cancel(Who("unix:bob"), id, ""));
  EXPECT_THAT(Announced(), ElementsAre("request.filed 0 unix:alice"));
}

TEST_F(Announce, NothingWhereNobodyIsNotified) {
  Surroundings silent;
  silent.now = [this] { return now_; };
  silent.entropy = [] { return IdEntropy{}; };
  silent.groups_of = NoGroups;
  Workflow workflow(*store_, std::move(silent));
  ASSERT_TRUE(workflow.File(Who("unix:alice"), MakeWish()));
  EXPECT_THAT(Announced(), IsEmpty());
}

}  // namespace
}  // namespace grant
