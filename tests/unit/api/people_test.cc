// Who people are while the user database changes under them, and what they see of one another.
#include <atomic>

#include "tests/unit/api/api_fixture.h"

namespace grant::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PeopleTest : public ApiTest {
 protected:
  void SetUp() override { Apply("\"unix-group:sec\"", 2); }

  void Apply(const std::string& approvers, int required) {
    std::string document = kRulesToml;
    const size_t steps = document.find("[[policy.step]]");
    const size_t end = document.find("[[signer]]");
    document.replace(steps, end - steps,
                     "[[policy.step]]\napprovers = [" + approvers +
                         "]\nrequired = " + std::to_string(required) + "\n");
    members_of_["unix-group:sec"] = {P("unix:bob"), P("unix:carol")};
    const Reply reply = Post("root", "/v1/rules", {{"document", document}, {"source", "r"}});
    ASSERT_EQ(reply.status, 200) << reply.text;
  }

  static Principal P(const std::string& text) { return Principal::Parse(text).value(); }
  static Identity User(const std::string& name, uint32_t uid, bool sec = false) {
    return {P(name), sec ? std::vector{P("unix-group:sec")} : std::vector<Principal>(), uid};
  }

  Result<RequestView> FileAs(const Identity& who) {
    grant::Wish wish;
    wish.signer = "release";
    wish.signings = 1;
    wish.window.duration = std::chrono::hours(1);
    wish.justification = "because";
    auto filed = workflow_->File(who, wish, {true, {}});
    if (!filed) return tl::unexpected(filed.error());
    return filed->view;
  }
  void Approve(const std::string& id, const Identity& who) {
    groups_of_[who.principal.text()] = who.groups;
    const auto view = workflow_->Approve(who, id, "");
    ASSERT_TRUE(view) << view.error().message;
  }
  std::vector<std::string> IdsSeenBy(const Identity& who, bool awaiting = false) {
    std::vector<std::string> ids;
    const auto views = workflow_->ListRequests(who, {}, awaiting).value();
    for (const auto& view : views) {
      ids.push_back(view.request.id);
    }
    return ids;
  }

  const Identity alice_ = User("unix:alice", 5001);
  const Identity bob_ = User("unix:bob", 5002, true);
  const Identity carol_ = User("unix:carol", 5003, true);
};

TEST_F(PeopleTest, ANewUserOfAnOldNameSeesAndEndsNothingOfTheOldOne) {
  const std::string id = FileAs(alice_)->request.id;
  Approve(id, bob_);
  Approve(id, carol_);
  const Identity moved = User("unix:alice", 5009);
  const std::string held = workflow_->ListGrants(alice_, {}, {})->at(0).grant.id;
  EXPECT_TRUE(workflow_->FindGrant(alice_, held));
  EXPECT_EQ(workflow_->FindGrant(moved, held).error().code, Code::kNotFound);
  EXPECT_EQ(workflow_->FindRequest(moved, id).error().code, Code::kNotFound);
  EXPECT_THAT(IdsSeenBy(moved), IsEmpty());
  EXPECT_THAT(workflow_->ListGrants(moved, {}, {}).value(), IsEmpty());
  EXPECT_FALSE(workflow_->Release(moved, held, ""));
  EXPECT_TRUE(workflow_->Release(alice_, held, ""));
}

TEST_F(PeopleTest, ANewUserOfAnOldNameIsToldOfNoRefusalOfTheOldOne) {
  std::vector<int64_t> numbers;
  for (const uint32_t uid : {5001U, 5009U}) {
    ASSERT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_TRY(const int64_t number,
                tables.AppendAudit({now_, std::string(event::kSignatureRefused), alice_.principal,
                                    "release", "release",
                                    R"({"cause":"no-grant","uid":)" + std::to_string(uid) + "}"}));
      numbers.push_back(number);
      return {};
    }));
  }
  const std::string id = FileAs(alice_)->request.id;
  const int64_t filed = workflow_->Explain(alice_, id)->at(0).number;
  const Identity moved = User("unix:alice", 5009);
  const auto told = [&](const Identity& who) {
    const auto entries = workflow_->Explain(who, "").value();
    std::vector<int64_t> found;
    for (const AuditEntry& entry : entries) found.push_back(entry.number);
    return found;
  };
  EXPECT_THAT(told(alice_), ElementsAre(numbers[0]));
  EXPECT_THAT(told(moved), ElementsAre(numbers[1]));
  EXPECT_FALSE(workflow_->Explain(moved, std::to_string(numbers[0])));
  EXPECT_TRUE(workflow_->Explain(moved, std::to_string(numbers[1])));
  EXPECT_TRUE(workflow_->Explain(alice_, std::to_string(filed)));
  EXPECT_FALSE(workflow_->Explain(moved, std::to_string(filed)));
}

TEST_F(PeopleTest, ANewUserOfAnOldNameFilesRequestsOfTheirOwn) {
  const Identity moved = User("unix:alice", 5009);
  grant::Wish wish;
  wish.signer = "release";
  wish.signings = 1;
  wish.window.duration = std::chrono::hours(1);
  wish.justification = "because";
  const std::string first = workflow_->File(alice_, wish)->view.request.id;
  EXPECT_EQ(workflow_->File(alice_, wish)->view.request.id, first);
  EXPECT_NE(workflow_->File(moved, wish)->view.request.id, first);
  ASSERT_TRUE(workflow_->File(alice_, wish, {true, "key-1"}));
  EXPECT_EQ(workflow_->File(moved, wish, {true, "key-1"}).error().code, Code::kConflict);
}

TEST_F(PeopleTest, ARequestThatIsCompleteAgainIsApprovedByItself) {
  const std::string id = FileAs(alice_)->request.id;
  Approve(id, bob_);
  groups_of_["unix:bob"].clear();
  Approve(id, carol_);
  EXPECT_EQ(workflow_->FindRequest(alice_, id)->request.status, RequestStatus::kOpen);
  EXPECT_EQ(workflow_->CompleteDue(), 0U);
  groups_of_["unix:bob"] = bob_.groups;
  EXPECT_EQ(workflow_->CompleteDue(), 0U) << "it looks only so often";
  now_ += std::chrono::seconds(15);
  EXPECT_EQ(workflow_->CompleteDue(), 1U);
  const Request approved = workflow_->FindRequest(alice_, id).value().request;
  EXPECT_EQ(approved.status, RequestStatus::kApproved);
  EXPECT_TRUE(workflow_->FindGrant(alice_, approved.grant_id.value()));
  const auto entries = Get("root", "/v1/audit?event=request.approved").json["items"];
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0]["actor"], "grantd:self");
  EXPECT_EQ(entries[0]["detail"]["comment"], "its approvals are complete again");
  now_ += std::chrono::seconds(15);
  EXPECT_EQ(workflow_->CompleteDue(), 0U);
}

TEST_F(PeopleTest, AUserDatabaseThatDoesNotAnswerStopsDecisionsAndIsNoWordOfMembership) {
  const std::string id = FileAs(alice_)->request.id;
  Approve(id, bob_);
  lookups_fail_ = true;
  const auto approved = workflow_->Approve(carol_, id, "");
  ASSERT_FALSE(approved);
  EXPECT_EQ(approved.error().code, Code::kUnavailable);
  EXPECT_EQ(workflow_->FindRequest(alice_, id).error().code, Code::kUnavailable);
  EXPECT_EQ(workflow_->ListRequests(alice_, {}).error().code, Code::kUnavailable);
  EXPECT_EQ(workflow_->CompleteDue().error().code, Code::kUnavailable);
  lookups_fail_ = false;
  EXPECT_TRUE(workflow_->Approve(carol_, id, "")->request.grant_id);
}

// Knows whether it is in the middle of a transaction.
class WatchedStore : public Store {
 public:
  explicit WatchedStore(Store& inner) : inner_(inner) {}
  using Store::Write;
  Status Write(std::function<Status(Tables&)> work, std::function<void()> durable) override {
    return inner_.Write(Watched(std::move(work)), std::move(durable));
  }
  Status Read(std::function<Status(Tables&)> work) override {
    return inner_.Read(Watched(std::move(work)));
  }
  uint64_t generation() const override { return inner_.generation(); }
  bool inside() const { return inside_; }

 private:
  std::function<Status(Tables&)> Watched(std::function<Status(Tables&)> work) {
    return [this, work = std::move(work)](Tables& tables) {
      inside_ = true;
      Status status = work(tables);
      inside_ = false;
      return status;
    };
  }

  Store& inner_;
  std::atomic<bool> inside_ = false;
};

TEST_F(PeopleTest, TheUserDatabaseIsNeverAskedWithinATransaction) {
  const std::string id = FileAs(alice_)->request.id;
  Approve(id, bob_);
  WatchedStore watched(*store_);
  int lookups = 0;
  Surroundings surroundings;
  surroundings.now = [this] { return now_; };
  surroundings.entropy = [] { return IdEntropy{1}; };
  surroundings.groups_of = [&](const Principal&) {
    EXPECT_FALSE(watched.inside());
    ++lookups;
    return bob_.groups;
  };
  Workflow workflow(watched, std::move(surroundings));
  EXPECT_TRUE(workflow.FindRequest(alice_, id));
  EXPECT_EQ(workflow.ListRequests(alice_, {})->size(), 1U);
  EXPECT_EQ(workflow.ListRequests(carol_, {}, true)->size(), 1U);
  EXPECT_TRUE(workflow.AddComment(alice_, id, "please"));
  EXPECT_EQ(workflow.CompleteDue(), 0U);
  EXPECT_TRUE(workflow.Approve(carol_, id, "")->request.grant_id);
  EXPECT_EQ(lookups, 6);
}

TEST_F(PeopleTest, ListsHoldWhatIsTheirOwnAndWhatTheyMayApprove) {
  const std::string first = FileAs(alice_)->request.id;
  Apply("\"unix:dave\", \"unix:bob\"", 1);
  const std::string second = FileAs(alice_)->request.id;
  const Identity dave = User("unix:dave", 5004);
  EXPECT_THAT(IdsSeenBy(alice_), ElementsAre(second, first));
  EXPECT_THAT(IdsSeenBy(bob_), ElementsAre(second, first));
  EXPECT_THAT(IdsSeenBy(carol_), ElementsAre(first));
  EXPECT_THAT(IdsSeenBy(dave), ElementsAre(second));
  EXPECT_THAT(IdsSeenBy(User("unix:mallory", 5005)), IsEmpty());
  EXPECT_THAT(IdsSeenBy(User("unix:root", 0)), ElementsAre(second, first));
  Approve(second, dave);
  EXPECT_EQ(workflow_->ListGrants(dave, {}, {})->size(), 1U);
  EXPECT_EQ(workflow_->ListGrants(alice_, {}, {})->size(), 1U);
  EXPECT_THAT(workflow_->ListGrants(carol_, {}, {}).value(), IsEmpty());
  EXPECT_THAT(IdsSeenBy(dave, true), IsEmpty());
  EXPECT_THAT(IdsSeenBy(bob_, true), ElementsAre(first));
}

TEST_F(PeopleTest, APrefixIsOneOfWhatTheCallerMaySee) {
  const std::string first = FileAs(alice_)->request.id;
  Apply("\"unix:dave\"", 1);
  const std::string second = FileAs(alice_)->request.id;
  const Identity dave = User("unix:dave", 5004);
  EXPECT_EQ(workflow_->FindRequest(dave, "req_")->request.id, second);
  EXPECT_EQ(workflow_->FindRequest(carol_, "req_")->request.id, first);
  EXPECT_EQ(workflow_->FindRequest(alice_, "req_").error().code, Code::kConflict);
  // What there is for others looks like what there is not.
  const Identity mallory = User("unix:mallory", 5005);
  for (const std::string& id : {std::string("req_"), first, first.substr(0, 12)}) {
    const auto found = workflow_->FindRequest(mallory, id);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::kNotFound) << id;
  }
  Approve(second, dave);
  EXPECT_EQ(workflow_->FindGrant(carol_, "grt_").error().code, Code::kNotFound);
  EXPECT_TRUE(workflow_->FindGrant(dave, "grt_"));
}

}  // namespace
}  // namespace grant::api
