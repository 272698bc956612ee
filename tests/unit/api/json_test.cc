// The objects of docs/openapi.yaml, to the letter and in its order.
#include "grantd/api/json.h"

#include <gmock/gmock.h>

namespace grant::api {
namespace {

Principal P(const char* text) {
  return Principal::Parse(text).value();
}
Time T(const char* text) {
  return ParseTime(text).value();
}

const char* const kHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

RequestView OpenRequest() {
  RequestView view;
  Request& request = view.request;
  request.id = "req_1";
  request.signer = "release";
  request.requester = P("unix:alice");
  request.created_at = T("2026-11-21T20:00:00Z");
  request.expires_at = T("2026-11-22T20:00:00Z");
  request.window.duration = std::chrono::hours(2);
  request.signings = 3;
  request.justification = "Release v2.4.0";
  request.policy.name = "release-signing";
  request.policy.steps = {{"Review", {P("unix:bob"), P("unix:dave")}, 1, false},
                          {"Security", {P("group:security")}, 2, true}};
  request.decisions = {{0, P("unix:bob"), Verdict::kApprove, "fine", T("2026-11-21T20:05:00Z")}};
  request.comments = {{P("unix:alice"), "please", T("2026-11-21T20:01:00Z")}};
  view.progress.approved = {{P("unix:bob")}, {}};
  view.progress.step = 1;
  view.can_approve = {{}, {P("unix:carol")}};
  return view;
}

TEST(RequestJson, AnOpenRequest) {
  EXPECT_EQ(
      RequestJson(OpenRequest(), T("2026-11-21T21:00:00Z")).dump(),
      R"({"id":"req_1","signer":"release","requester":"unix:alice","status":"open",)"
      R"("created_at":"2026-11-21T20:00:00Z","expires_at":"2026-11-22T20:00:00Z",)"
      R"("window":{"from":null,"until":null,"duration":"2h"},"signings":3,)"
      R"("narrowed":null,"justification":"Release v2.4.0","digests":[],"files":[],"scopes":[],)"
      R"("policy":"release-signing",)"
      R"("step":2,"steps":[{"name":"Review","required":1,"approvers":["unix:bob","unix:dave"],)"
      R"("approved_by":["unix:bob"],"can_approve":[],"complete":true},)"
      R"({"name":"Security","required":2,"approvers":["group:security"],)"
      R"("approved_by":[],"can_approve":["unix:carol"],"complete":false}],)"
      R"("decisions":[{"step":1,"approver":"unix:bob","decision":"approve","comment":"fine",)"
      R"("narrowed":null,"at":"2026-11-21T20:05:00Z"}],)"
      R"("comments":[{"author":"unix:alice","text":"please","at":"2026-11-21T20:01:00Z"}],)"
      R"("closed_reason":null,"grant_id":null,"usable_from":null,"hours":null,"has_secret":false})");
}

TEST(RequestJson, ARejectedRequestIsAtNoStep) {
  RequestView view = OpenRequest();
  view.request.status = RequestStatus::kRejected;
  view.request.closed_reason = "not today";
  view.request.decisions.push_back(
      {1, P("unix:carol"), Verdict::kReject, "not today", T("2026-11-21T20:06:00Z")});
  Json json = RequestJson(view, T("2026-11-21T21:00:00Z"));
  EXPECT_EQ(json["status"], "rejected");
  EXPECT_TRUE(json["step"].is_null());
  EXPECT_EQ(json["closed_reason"], "not today");
  EXPECT_EQ(json["decisions"][1]["decision"], "reject");
  EXPECT_EQ(json["steps"][1]["approved_by"], Json::array());
}

TEST(RequestJson, WhoApprovedAClosedRequestDoesNotChangeWithTheRules) {
  RequestView view = OpenRequest();
  view.request.policy.steps.resize(1);
  view.request.status = RequestStatus::kApproved;
  view.request.grant_id = "grt_1";
  view.progress.approved = {{}};  // bob is no approver any more
  view.progress.step = 0;
  Json json = RequestJson(view, T("2026-11-21T21:00:00Z"));
  EXPECT_EQ(json["steps"][0]["approved_by"], Json({"unix:bob"}));
  EXPECT_EQ(json["steps"][0]["complete"], true);
  EXPECT_EQ(json["grant_id"], "grt_1");
}

TEST(RequestJson, AnOverdueRequestShowsAsExpired) {
  Json json = RequestJson(OpenRequest(), T("2026-11-22T20:00:00Z"));
  EXPECT_EQ(json["status"], "expired");
  EXPECT_TRUE(json["step"].is_null());
}

TEST(RequestJson, ShowsAnAbsoluteWindowAndDigests) {
  RequestView view = OpenRequest();
  view.request.window = {std::nullopt, T("2026-11-21T22:00:00Z"), T("2026-11-21T23:30:00Z")};
  view.request.digests = {Digest::Parse(std::string("sha256:") + kHex).value()};
  Json json = RequestJson(view, T("2026-11-21T21:00:00Z"));
  EXPECT_EQ(json["window"].dump(),
            R"({"from":"2026-11-21T22:00:00Z","until":"2026-11-21T23:30:00Z","duration":null})");
  EXPECT_EQ(json["digests"], Json({std::string("sha256:") + kHex}));
}

Grant ActiveGrant() {
  Grant grant;
  grant.id = "grt_1";
  grant.request_id = "req_1";
  grant.signer = "release";
  grant.holder = P("unix:alice");
  grant.not_before = T("2026-11-21T20:00:00Z");
  grant.not_after = T("2026-11-21T22:00:00Z");
  grant.max_signings = 3;
  grant.used = 1;
  return grant;
}

TEST(GrantJson, AnActiveGrant) {
  EXPECT_EQ(
      GrantJson(ActiveGrant(), T("2026-11-21T21:00:00Z")).dump(),
      R"({"id":"grt_1","request_id":"req_1","signer":"release","holder":"unix:alice",)"
      R"("status":"active","not_before":"2026-11-21T20:00:00Z",)"
      R"("not_after":"2026-11-21T22:00:00Z","max_signings":3,"used":1,"digests":[],"scopes":[],)"
      R"("revoked_by":null,"revoked_at":null,"revoke_reason":null,"released_at":null,)"
      R"("has_secret":false})");
}

TEST(GrantJson, ARevokedGrantSaysByWhomWhenAndWhy) {
  Grant grant = ActiveGrant();
  grant.revocation = Revocation{P("unix:bob"), T("2026-11-21T20:30:00Z"), "leaked"};
  Json json = GrantJson(grant, T("2026-11-21T21:00:00Z"));
  EXPECT_EQ(json["status"], "revoked");
  EXPECT_EQ(json["revoked_by"], "unix:bob");
  EXPECT_EQ(json["revoked_at"], "2026-11-21T20:30:00Z");
  EXPECT_EQ(json["revoke_reason"], "leaked");
}

TEST(UsesJson, ShowsEachUse) {
  Use use{41,
          "grt_1",
          "release",
          P("unix:alice"),
          T("2026-11-21T20:10:00Z"),
          "SHA256-RSA-PKCS",
          "sha256:00",
          "/usr/bin/openssl",
          UseOutcome::kSigned};
  EXPECT_EQ(UsesJson({use}).dump(),
            R"([{"entry":41,"at":"2026-11-21T20:10:00Z","caller":"unix:alice",)"
            R"("mechanism":"SHA256-RSA-PKCS","digest":"sha256:00","program":"/usr/bin/openssl",)"
            R"("outcome":"signed"}])");
  EXPECT_EQ(UsesJson({}).dump(), "[]");
}

TEST(SignerJson, ShowsThatThereIsACertificateNotTheCertificate) {
  Signer signer{"release", "pkcs11:object=k", "-----BEGIN", "", {P("unix:alice")}, {}, {}};
  EXPECT_EQ(
      SignerJson(signer).dump(),
      R"({"name":"release","key":"pkcs11:object=k","policy":null,"users":["unix:alice"],"requesters":[],)"
      R"("mechanisms":[],"certificate":true})");
}

TEST(PolicyJson, ShowsBoundsAndSteps) {
  Policy policy;
  policy.name = "p";
  policy.max_window = std::chrono::hours(8);
  policy.steps = {{"Review", {P("unix:bob")}, 1, true}};
  EXPECT_EQ(
      PolicyJson(policy).dump(),
      R"({"name":"p","max_window":"8h","max_signings":null,"max_request_ttl":")" +
          FormatDuration(std::chrono::hours(24)) +
          R"(","self_approval":true,"bypass_machine_identities":false,"unbounded":false,)"
          R"("min_justification":0,"hours":[],"time_zone":null,"requesters":[],)"
          R"("steps":[{"name":"Review","approvers":["unix:bob"],"required":1,"notify":true}]})");
}

TEST(RulesJson, BeforeAnyRulesNobodyAppliedThem) {
  EXPECT_EQ(
      RulesJson({}).dump(),
      R"({"version":0,"applied_by":null,"applied_at":null,"users":[],"groups":[],"policies":[],)"
      R"("signers":[]})");
}

TEST(RulesJson, ShowsUsersAndWhereTheyAreReached) {
  RulesVersion version;
  version.rules.users = {{P("unix:bob"), UserKind::kPerson, "bob@example.com"},
                         {P("unix:ci"), UserKind::kMachine, ""}};
  EXPECT_EQ(RulesJson(version)["users"].dump(),
            R"([{"name":"unix:bob","kind":"person","email":"bob@example.com"},)"
            R"({"name":"unix:ci","kind":"machine","email":null}])");
}

TEST(RulesJson, ShowsWhoAppliedThemAndTheGroups) {
  RulesVersion version;
  version.version = 3;
  version.applied_by = P("unix:root");
  version.applied_at = T("2026-11-21T20:00:00Z");
  version.rules.groups = {{"security", {P("unix:bob")}}};
  Json json = RulesJson(version);
  EXPECT_EQ(json["applied_by"], "unix:root");
  EXPECT_EQ(json["applied_at"], "2026-11-21T20:00:00Z");
  EXPECT_EQ(json["groups"].dump(), R"([{"name":"security","members":["unix:bob"]}])");
}

TEST(EntryJson, EmbedsTheDetail) {
  AuditEntry entry{41,
                   {T("2026-11-21T20:10:00Z"), "signature.refused", P("unix:alice"), "grt_1",
                    "release", R"({"cause":"used-up","hint":"h","message":"m"})"},
                   "00",
                   "ab"};
  EXPECT_EQ(EntryJson(entry).dump(),
            R"({"number":41,"at":"2026-11-21T20:10:00Z","event":"signature.refused",)"
            R"("actor":"unix:alice","subject":"grt_1","signer":"release",)"
            R"("detail":{"cause":"used-up","hint":"h","message":"m"},"hash":"ab"})");
}

TEST(EntryJson, ShowsADetailThatIsNoJsonAsItIs) {
  AuditEntry entry;
  entry.event.detail = "{broken";
  EXPECT_EQ(EntryJson(entry)["detail"], "{broken");
}

}  // namespace
}  // namespace grant::api
