#include "store_testing.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> IdsOf(const std::vector<Request>& requests) {
  std::vector<std::string> ids;
  ids.reserve(requests.size());
  for (const Request& request : requests) ids.push_back(request.id);
  return ids;
}

class TablesRequests : public testing::Test {
 protected:
  Request Insert(Request request) {
    Must(tables().InsertRequest(request));
    return request;
  }
  Request Find(const std::string& id) { return Must(tables().FindRequest(id)).value(); }
  Tables& tables() { return database_.tables(); }

  Database database_;
};

TEST_F(TablesRequests, UnknownIdIsNothing) {
  EXPECT_EQ(Must(tables().FindRequest("req_nothing")), std::nullopt);
}

TEST_F(TablesRequests, MinimalOneComesBackAsItWas) {
  const Request request = Insert(SomeRequest(1));
  EXPECT_EQ(Find(request.id), request);
}

TEST_F(TablesRequests, FullOneComesBackAsItWas) {
  Request request = SomeRequest(1);
  request.status = RequestStatus::kRejected;
  request.window = {std::nullopt, At(1000), At(2000)};
  request.justification = "line one\nline \"two\" \xc3\xa9";
  request.digests = {SomeDigest('a'), SomeDigest('b')};
  request.policy.max_window = std::nullopt;
  request.policy.max_signings = std::nullopt;
  request.decisions = {Decision{0, Who("unix:bob"), Verdict::kApprove, "", At(110)},
                       Decision{1, Who("unix:erin"), Verdict::kReject, "not today", At(120)}};
  request.comments = {Comment{Who("unix:alice"), "please", At(105)},
                      Comment{Who("unix:bob"), "", At(106)}};
  request.decisions[0].narrowing = {2, std::chrono::minutes(30)};
  request.files = {{"dist/app.exe", SomeDigest('a')}, {"\xc3\xa9", SomeDigest('b')}};
  request.scopes = {Must(Scope::Parse("user=unix:alice")),
                    Must(Scope::Parse("program=/usr/bin/openssl"))};
  request.idempotency_key = "key-1";
  request.requester_uid = 4'294'967'294;
  request.decisions[1].approver_uid = 0;
  request.closed_reason = "not today";
  request.grant_id = GrantId(1);
  Insert(request);
  EXPECT_EQ(Find(request.id), request);
  EXPECT_THAT(Must(tables().ListRequests({})), ElementsAre(request));
}

TEST_F(TablesRequests, AKeyIsTakenOnceOfEachRequester) {
  Request request = SomeRequest(1);
  request.idempotency_key = "key-1";
  Insert(request);
  Request other = SomeRequest(2);
  other.idempotency_key = "key-1";
  EXPECT_THAT(tables().InsertRequest(other), FailsWith(Code::kConflict));
  other.requester = Who("unix:zoe");
  Insert(other);
  EXPECT_EQ(Must(tables().FindRequestByKey(Who("unix:alice"), "key-1")), request);
  EXPECT_EQ(Must(tables().FindRequestByKey(Who("unix:zoe"), "key-1")), other);
  EXPECT_EQ(Must(tables().FindRequestByKey(Who("unix:alice"), "key-2")), std::nullopt);
}

TEST_F(TablesRequests, OpenOnesOfARequesterAreThoseWithTimeLeft) {
  Request late = SomeRequest(1);
  late.expires_at = At(900);
  Request early = SomeRequest(2);
  early.expires_at = At(500);
  Request closed = SomeRequest(3);
  closed.status = RequestStatus::kApproved;
  Request foreign = SomeRequest(4);
  foreign.requester = Who("unix:zoe");
  for (const Request& request : {late, early, closed, foreign}) Insert(request);
  const auto open = [this](Time now, size_t limit) {
    return IdsOf(Must(tables().OpenRequestsOf(Who("unix:alice"), now, limit)));
  };
  EXPECT_THAT(open(At(499), 10), ElementsAre(RequestId(2), RequestId(1)));
  EXPECT_THAT(open(At(499), 1), ElementsAre(RequestId(2)));
  EXPECT_THAT(open(At(500), 10), ElementsAre(RequestId(1)));
  EXPECT_THAT(open(At(900), 10), IsEmpty());
}

TEST_F(TablesRequests, ASightIsWhatIsOnesOwnAndWhatIsFiledUnderCertainPolicies) {
  Request own = SomeRequest(1);
  own.requester_uid = 5001;
  Request of_another = SomeRequest(2);
  of_another.requester_uid = 5009;
  const Request of_old = SomeRequest(3);
  Request foreign = SomeRequest(4);
  foreign.requester = Who("unix:zoe");
  foreign.policy.name = "other";
  for (const Request& request : {own, of_another, of_old, foreign}) Insert(request);
  const auto filed = Must(tables().FiledPolicies());
  ASSERT_EQ(filed.size(), 2U);
  const auto seen = [&](const Sight& sight, size_t limit = 10, const std::string& before = {}) {
    RequestFilter filter;
    filter.sight = sight;
    filter.limit = limit;
    filter.before = before;
    return IdsOf(Must(tables().ListRequests(filter)));
  };
  const Principal alice = Who("unix:alice");
  EXPECT_THAT(seen({alice, 5001, {}}), ElementsAre(RequestId(3), RequestId(1)));
  EXPECT_THAT(seen({alice, std::nullopt, {}}),
              ElementsAre(RequestId(3), RequestId(2), RequestId(1)));
  EXPECT_THAT(seen({alice, 5001, {filed[1].number}}),
              ElementsAre(RequestId(4), RequestId(3), RequestId(1)));
  EXPECT_THAT(seen({alice, 5001, {filed[0].number, filed[1].number}}, 2),
              ElementsAre(RequestId(4), RequestId(3)));
  EXPECT_THAT(seen({alice, 5001, {filed[0].number, filed[1].number}}, 2, RequestId(3)),
              ElementsAre(RequestId(2), RequestId(1)));
  EXPECT_THAT(seen({Who("unix:mallory"), 5005, {}}), IsEmpty());
}

TEST_F(TablesRequests, AnIdIsTakenOnce) {
  Insert(SomeRequest(1));
  EXPECT_THAT(tables().InsertRequest(SomeRequest(1)), FailsWith(Code::kConflict));
}

TEST_F(TablesRequests, UpdateStoresWhatTheStateMachineChanged) {
  Request request = Insert(SomeRequest(1));
  const Request bystander = Insert(SomeRequest(2));
  request.decisions.push_back({0, Who("unix:bob"), Verdict::kApprove, "fine", At(110)});
  Must(tables().UpdateRequest(request));
  EXPECT_EQ(Find(request.id), request);
  request.comments.push_back({Who("unix:alice"), "thanks", At(115)});
  request.decisions.push_back({1, Who("unix:erin"), Verdict::kApprove, "", At(120)});
  request.status = RequestStatus::kApproved;
  request.grant_id = GrantId(1);
  Must(tables().UpdateRequest(request));
  EXPECT_EQ(Find(request.id), request);
  EXPECT_EQ(Find(bystander.id), bystander);
}

TEST_F(TablesRequests, UpdateLeavesWhatWasAskedForAlone) {
  const Request request = Insert(SomeRequest(1));
  Request forged = request;
  forged.signer = "other";
  forged.signings = 1000;
  forged.requester = Who("unix:mallory");
  forged.digests = {SomeDigest('f')};
  Must(tables().UpdateRequest(forged));
  EXPECT_EQ(Find(request.id), request);
}

TEST_F(TablesRequests, DecisionsAndCommentsOnlyGrow) {
  Request request = SomeRequest(1);
  request.decisions = {Decision{0, Who("unix:bob"), Verdict::kApprove, "first", At(110)}};
  request.comments = {Comment{Who("unix:bob"), "first", At(110)}};
  Insert(request);
  Request fewer = request;
  fewer.decisions.clear();
  EXPECT_THAT(tables().UpdateRequest(fewer), FailsWith(Code::kInternal));
  fewer = request;
  fewer.comments.clear();
  EXPECT_THAT(tables().UpdateRequest(fewer), FailsWith(Code::kInternal));
  Request rewritten = request;
  rewritten.decisions[0].comment = "rewritten";
  Must(tables().UpdateRequest(rewritten));
  EXPECT_EQ(Find(request.id), request);
}

TEST_F(TablesRequests, ClosedOneKeepsItsStatus) {
  Request request = Insert(SomeRequest(1));
  request.status = RequestStatus::kCancelled;
  Must(tables().UpdateRequest(request));
  Request approved = request;
  approved.status = RequestStatus::kApproved;
  EXPECT_THAT(tables().UpdateRequest(approved), FailsWith(Code::kConflict));
  EXPECT_THAT(tables().UpdateRequest(SomeRequest(2)), FailsWith(Code::kConflict));
  request.comments = {Comment{Who("unix:alice"), "a pity", At(200)}};
  Must(tables().UpdateRequest(request));
  EXPECT_EQ(Find(request.id), request);
}

TEST_F(TablesRequests, ListIsNewestFirstAndFiltered) {
  for (int number = 1; number <= 6; ++number) {
    Request request = SomeRequest(number);
    if (number % 2 == 0) request.status = RequestStatus::kApproved;
    if (number > 3) request.signer = "other";
    if (number == 6) request.requester = Who("unix:zoe");
    Insert(request);
  }
  const auto list = [this](const RequestFilter& filter) {
    return IdsOf(Must(tables().ListRequests(filter)));
  };
  EXPECT_THAT(list({}), ElementsAre(RequestId(6), RequestId(5), RequestId(4), RequestId(3),
                                    RequestId(2), RequestId(1)));
  EXPECT_THAT(list({RequestStatus::kApproved, {}, {}, "", 100}),
              ElementsAre(RequestId(6), RequestId(4), RequestId(2)));
  EXPECT_THAT(list({{}, "other", {}, "", 100}),
              ElementsAre(RequestId(6), RequestId(5), RequestId(4)));
  EXPECT_THAT(list({{}, {}, Who("unix:zoe"), "", 100}), ElementsAre(RequestId(6)));
  EXPECT_THAT(list({RequestStatus::kApproved, "other", Who("unix:alice"), "", 100}),
              ElementsAre(RequestId(4)));
  EXPECT_THAT(list({RequestStatus::kExpired, {}, {}, "", 100}), IsEmpty());
}

TEST_F(TablesRequests, PagesFollowEachOther) {
  for (int number = 1; number <= 5; ++number) Insert(SomeRequest(number));
  RequestFilter filter;
  filter.limit = 2;
  filter.signer = "release";
  std::vector<std::string> all;
  for (auto page = IdsOf(Must(tables().ListRequests(filter))); !page.empty();
       page = IdsOf(Must(tables().ListRequests(filter)))) {
    EXPECT_LE(page.size(), 2U);
    all.insert(all.end(), page.begin(), page.end());
    filter.before = page.back();
  }
  EXPECT_THAT(all,
              ElementsAre(RequestId(5), RequestId(4), RequestId(3), RequestId(2), RequestId(1)));
}

TEST_F(TablesRequests, PrefixIsTakenLiterally) {
  for (const char* id : {"req_A", "req_AB", "req_AC", "req_B", "req%A", "reqXA"}) {
    Request request = SomeRequest(1);
    request.id = id;
    Insert(request);
  }
  const auto like = [this](const std::string& prefix, size_t limit) {
    return Must(tables().RequestIdsLike(prefix, limit));
  };
  EXPECT_THAT(like("req_A", 10), ElementsAre("req_AC", "req_AB", "req_A"));
  EXPECT_THAT(like("req_A", 2), ElementsAre("req_AC", "req_AB"));
  EXPECT_THAT(like("req_AC", 10), ElementsAre("req_AC"));
  EXPECT_THAT(like("req_a", 10), IsEmpty());
  EXPECT_THAT(like("req%", 10), ElementsAre("req%A"));
  EXPECT_THAT(like("req_Z", 10), IsEmpty());
  EXPECT_EQ(like("", 10).size(), 6U);
}

TEST_F(TablesRequests, OverdueOnesAreOpenAndAtTheirEnd) {
  Request early = SomeRequest(1);
  early.expires_at = At(500);
  Request late = SomeRequest(2);
  late.expires_at = At(501);
  Request closed = SomeRequest(3);
  closed.expires_at = At(400);
  closed.status = RequestStatus::kRejected;
  for (const Request& request : {late, early, closed}) Insert(request);
  const auto overdue = [this](Time now, size_t limit) {
    return IdsOf(Must(tables().OverdueRequests(now, limit)));
  };
  EXPECT_THAT(overdue(At(500) - Duration(1), 10), IsEmpty());
  EXPECT_THAT(overdue(At(500), 10), ElementsAre(RequestId(1)));
  EXPECT_THAT(overdue(At(999), 10), ElementsAre(RequestId(1), RequestId(2)));
  EXPECT_THAT(overdue(At(999), 1), ElementsAre(RequestId(1)));
}

TEST_F(TablesRequests, DamagedRowIsAnErrorAndNoException) {
  const char* const damages[] = {
      "status = 'strange'",    "requester = 'x'",        "signings = -1",
      "signings = 4294967296", "expires_at = 'x'",       "window_from = 'x'",
      "digests = '[1]'",       "policy_snapshot = '{}'", "closed_reason = x'31'",
      "justification = x'00'", "files = '[1]'",          "scopes = '[\"host=x\"]'"};
  for (const char* damage : damages) {
    Database database;
    Must(database.tables().InsertRequest(SomeRequest(1)));
    Must(database.sql().Execute(std::string("UPDATE signing_request SET ") + damage, {}));
    EXPECT_THAT(database.tables().FindRequest(RequestId(1)), FailsWith(Code::kInternal)) << damage;
  }
}

}  // namespace
}  // namespace grant
