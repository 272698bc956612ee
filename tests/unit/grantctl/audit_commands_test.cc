#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json Issued() {
  return Json::parse(R"({"number":40,"at":"2026-11-21T20:00:00Z","event":"grant.issued",
    "actor":"unix:bob","subject":"grt_01JD","signer":"release",
    "detail":{"digests":[],"max_signings":3,"note":"","request":"req_01JD"},"hash":"bb"})");
}

TEST(AuditList, IsOldestFirstForPeople) {
  FakeGrantd grantd(Items(Json::array({SampleRefusal(), Issued()})));
  const Ran ran = RunAt(grantd, {"audit", "list", "--subject", "grt_01JD"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(
      ran.out,
      "ENTRY  TIME                  EVENT              ACTOR       SIGNER   SUBJECT   DETAIL\n"
      "40     2026-11-21T20:00:00Z  grant.issued       unix:bob    release  grt_01JD  "
      "max_signings=3 request=req_01JD\n"
      "41     2026-11-21T20:08:00Z  signature.refused  unix:alice  release  grt_01JD  "
      "grant grt_01JD is used up (3 of 3)\n");
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/audit?limit=100&subject=grt_01JD"));
}

TEST(AuditList, ListsInADetailReadAsWords) {
  Json applied = Issued();
  applied["detail"] = {{"changes", {"+ group a", "- group b"}}};
  FakeGrantd grantd(Items(Json::array({applied})));
  EXPECT_THAT(RunAt(grantd, {"audit", "list"}).out, HasSubstr("  changes=+ group a; - group b\n"));
}

TEST(AuditList, JsonKeepsTheApisOrder) {
  FakeGrantd grantd(Items(Json::array({SampleRefusal(), Issued()})));
  const Json list = Json::parse(RunAt(grantd, {"audit", "list", "-o", "json"}).out);
  EXPECT_EQ(list["items"], Json::array({SampleRefusal(), Issued()}));
}

TEST(AuditVerify, TellsIntactFromBroken) {
  FakeGrantd intact(Json::parse(R"({"entries":120,"last_hash":"ab","intact":true,"fault":null})"));
  const Ran good = RunAt(intact, {"audit", "verify"});
  EXPECT_EQ(good.exit, 0);
  EXPECT_EQ(good.out, "Audit      intact\nEntries    120\nLast hash  ab\n");

  const Json report = Json::parse(
      R"({"entries":120,"last_hash":"ab","intact":false,"fault":"entry 17 was changed"})");
  FakeGrantd broken(report);
  const Ran bad = RunAt(broken, {"audit", "verify", "-o", "json"});
  EXPECT_EQ(bad.exit, 1);
  EXPECT_EQ(Json::parse(bad.out), report);
  EXPECT_THAT(bad.err, HasSubstr("grantctl: the audit chain is broken: entry 17 was changed\n"));
}

TEST(AuditAcknowledge, SendsTheReason) {
  FakeGrantd grantd(Json::parse(R"({"acknowledged":true})"));
  const Ran ran = RunAt(grantd, {"audit", "acknowledge", "--reason", "restored on purpose"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(grantd.lines(), ElementsAre("POST /v1/audit/acknowledge"));
  EXPECT_EQ(RunAt(grantd, {"audit", "acknowledge"}).exit, 2) << "without a reason";
}

TEST(Explain, SaysWhenWhatWhyAndWhatToDo) {
  FakeGrantd grantd(Items(Json::array({SampleRefusal()})));
  const Ran ran = RunAt(grantd, {"explain"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "Time   2026-11-21T20:08:00Z (2m ago), entry 41\n"
            "Tried  sign with release (SHA256-RSA-PKCS), as unix:alice\n"
            "Why    grant grt_01JD is used up (3 of 3) [used-up]\n"
            "Hint   grantctl request create release --signings 3\n");
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/explain"));
}

TEST(Explain, ARefusedLoginIsNoSignature) {
  Json login = SampleRefusal();
  login["event"] = "login.refused";
  login["subject"] = "prod";
  login["signer"] = "";
  login["detail"] = {{"cause", "wrong-secret"}, {"message", "not a secret"}, {"token", "prod"}};
  FakeGrantd grantd(Items(Json::array({login})));
  EXPECT_THAT(RunAt(grantd, {"explain"}).out,
              HasSubstr("Tried  log in to token prod, as unix:alice\n"
                        "Why    not a secret [wrong-secret]\n"));
}

TEST(Explain, AnIdTellsItsStoryInOrder) {
  FakeGrantd grantd(Items(Json::array({SampleRefusal(), Issued()})));
  const Ran ran = RunAt(grantd, {"explain", "grt_01"});
  EXPECT_THAT(ran.out, HasSubstr("Event   grant.issued for release, by unix:bob\n"
                                 "About   grt_01JD\n"
                                 "Detail  max_signings=3 request=req_01JD\n"
                                 "\n"
                                 "Time   2026-11-21T20:08:00Z (2m ago), entry 41\n"));
  EXPECT_EQ(grantd.lines().back(), "GET /v1/explain/grt_01");
}

TEST(Explain, ShowsTheNewestTenUnlessAskedForAll) {
  Json items = Json::array();
  for (int number = 60; number > 48; --number) {
    Json refusal = SampleRefusal();
    refusal["number"] = number;
    items.push_back(refusal);
  }
  FakeGrantd grantd(Items(items));
  const Ran ran = RunAt(grantd, {"explain"});
  EXPECT_EQ(ran.out.find("entry 50\n"), std::string::npos);
  EXPECT_LT(ran.out.find("entry 51\n"), ran.out.find("entry 60\n"));
  EXPECT_EQ(ran.err, "these are the newest 10; --all shows more\n");
  const Ran all = RunAt(grantd, {"explain", "--all"});
  EXPECT_THAT(all.out, HasSubstr("entry 49\n"));
  EXPECT_EQ(all.err, "");
  EXPECT_EQ(Json::parse(RunAt(grantd, {"explain", "-o", "json"}).out)["items"], items);
}

TEST(Explain, NamesTheKeyThatNoSignerNames) {
  Json refusal = SampleRefusal();
  refusal["signer"] = "";
  refusal["detail"]["key"] = "stray-key";
  refusal["detail"]["program"] = "/usr/bin/openssl";
  FakeGrantd grantd(Items(Json::array({refusal})));
  EXPECT_THAT(
      RunAt(grantd, {"explain"}).out,
      HasSubstr("Tried  sign with key 'stray-key' (SHA256-RSA-PKCS), as unix:alice, running "
                "/usr/bin/openssl\n"));
}

TEST(AuditList, ShowsADamagedDetail) {
  Json damaged = Issued();
  damaged["detail"] = "{\"cut";
  FakeGrantd grantd(Items(Json::array({damaged})));
  EXPECT_THAT(RunAt(grantd, {"audit", "list"}).out, HasSubstr("  {\"cut\n"));
}

TEST(Explain, NoRefusalIsGoodNews) {
  FakeGrantd grantd(Items(Json::array()));
  const Ran ran = RunAt(grantd, {"explain"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "no refusals\n");
}

}  // namespace
}  // namespace grant::ctl
