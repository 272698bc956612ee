#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GrantList, ShowsUsesAndHowLongTheyLast) {
  Json pending = SampleGrant();
  pending["status"] = "pending";
  pending["not_before"] = "2026-11-21T20:19:00Z";
  Json expired = SampleGrant();
  expired["status"] = "expired";
  expired["not_after"] = "2026-11-21T18:10:00Z";
  FakeGrantd grantd(Items(Json::array({SampleGrant(), pending, expired})));
  const Ran ran = RunAt(grantd, {"grant", "list", "--holder", "unix:alice"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "ID        SIGNER   STATUS   USES    HOLDER      WINDOW\n"
            "grt_01JD  release  active   1 of 3  unix:alice  ends in 1h50m\n"
            "grt_01JD  release  pending  1 of 3  unix:alice  begins in 9m\n"
            "grt_01JD  release  expired  1 of 3  unix:alice  ended 2h ago\n");
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/grants?holder=unix%3Aalice&limit=100"));
}

TEST(GrantShow, IncludesItsUses) {
  Json grant = SampleGrant();
  grant["uses"] = Json::parse(R"([{"entry":41,"at":"2026-11-21T20:05:00Z","caller":"unix:alice",
    "mechanism":"SHA256-RSA-PKCS","digest":"sha256:00","program":"/usr/bin/\u001bopenssl",
    "outcome":"signed"}])");
  FakeGrantd grantd(grant);
  const Ran ran = RunAt(grantd, {"grant", "show", "grt_01"});
  EXPECT_EQ(ran.out, R"(Grant    grt_01JD
Status   active, ends in 1h50m
Signer   release
Holder   unix:alice
Request  req_01JD
From     2026-11-21T20:00:00Z (10m ago)
Until    2026-11-21T22:00:00Z (in 1h50m)
Content  any
Uses     1 of 3
  ENTRY  WHEN    CALLER      MECHANISM        OUTCOME  PROGRAM                 DIGEST
  41     5m ago  unix:alice  SHA256-RSA-PKCS  signed   /usr/bin/\u001bopenssl  sha256:00
)");
  EXPECT_EQ(Json::parse(RunAt(grantd, {"grant", "show", "grt_01", "-o", "json"}).out).dump(),
            grant.dump());
}

TEST(GrantShow, SaysWhoRevokedItAndWhy) {
  Json grant = SampleGrant();
  grant["status"] = "revoked";
  grant["revoked_by"] = "unix:bob";
  grant["revoked_at"] = "2026-11-21T20:09:00Z";
  grant["revoke_reason"] = "wrong branch";
  FakeGrantd grantd(grant);
  EXPECT_THAT(RunAt(grantd, {"grant", "show", "grt_01"}).out,
              HasSubstr("Revoked  by unix:bob, 2026-11-21T20:09:00Z (1m ago): wrong branch\n"));
}

TEST(GrantRevoke, NeedsAReasonAndSendsIt) {
  Json grant = SampleGrant();
  grant["status"] = "revoked";
  FakeGrantd grantd(grant);
  EXPECT_EQ(RunAt(grantd, {"grant", "revoke", "grt_01"}).exit, 2);
  EXPECT_TRUE(grantd.calls().empty());
  const Ran ran = RunAt(grantd, {"grant", "revoke", "grt_01", "--reason", "wrong branch"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "grt_01JD is revoked; 1 of 3 uses were spent\n");
  EXPECT_EQ(grantd.lines().back(), "POST /v1/grants/grt_01/revoke");
  EXPECT_EQ(grantd.calls().back().body, R"({"reason":"wrong branch"})");
}

TEST(GrantRelease, NeedsNoReason) {
  Json grant = SampleGrant();
  grant["status"] = "released";
  FakeGrantd grantd(grant);
  const Ran ran = RunAt(grantd, {"grant", "release", "grt_01"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, "grt_01JD is released; 1 of 3 uses were spent\n");
  EXPECT_EQ(grantd.lines().back(), "POST /v1/grants/grt_01/release");
  EXPECT_EQ(grantd.calls().back().body, "{}");
  EXPECT_EQ(RunAt(grantd, {"grant", "revoke", "grt_01"}).exit, 2);
}

}  // namespace
}  // namespace grant::ctl
