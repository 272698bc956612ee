#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kPin[] = "92716455";

Json State(bool sealed, const std::vector<std::string>& waiting = {}) {
  Json tokens = Json::array();
  for (const std::string& name : waiting) {
    tokens.push_back(
        {{"name", name}, {"pin_source", "unseal"}, {"waiting", true}, {"refused", false}});
  }
  return {{"sealed", sealed},
          {"sealed_by", sealed ? Json("unix:root") : Json()},
          {"sealed_at", sealed ? Json("2026-11-21T20:00:00Z") : Json()},
          {"reason", sealed ? Json("an attack") : Json()},
          {"tokens", tokens}};
}

// Sealed until it is unsealed; its tokens wait for PINs.
FakeGrantd::Handler Sealed(std::vector<std::string> waiting) {
  return [waiting = std::move(waiting), sealed = true](const FakeCall& call) mutable {
    if (call.target == "/v1/unseal") sealed = false;
    if (call.target.ends_with("/pin")) waiting.erase(waiting.begin());
    return FakeAnswer{200, State(sealed, waiting).dump()};
  };
}

TEST(Seal, NeedsAReasonAndSendsIt) {
  FakeGrantd grantd(State(true));
  EXPECT_EQ(RunAt(grantd, {"seal"}).exit, 2);
  EXPECT_EQ(RunAt(grantd, {"seal", "--show", "--reason", "an attack"}).exit, 2);
  EXPECT_THAT(grantd.calls(), IsEmpty());
  const Ran ran = RunAt(grantd, {"seal", "--reason", "an attack"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, "sealed by unix:root at 2026-11-21T20:00:00Z: an attack\n");
  EXPECT_EQ(grantd.lines().back(), "POST /v1/seal");
  EXPECT_EQ(grantd.calls().back().body, R"({"reason":"an attack"})");
}

TEST(Seal, TellsWhatGrantdHasAgainstIt) {
  FakeGrantd sealed(
      Problem(409, "conflict", "grantd was sealed by unix:root", "grantctl unseal lifts the seal"));
  const Ran again = RunAt(sealed, {"seal", "--reason", "an attack"});
  EXPECT_EQ(again.exit, 3);
  EXPECT_THAT(again.out, IsEmpty());
  EXPECT_THAT(again.err, HasSubstr("grantd was sealed by unix:root"));
  EXPECT_THAT(again.err, HasSubstr("hint: grantctl unseal lifts the seal"));

  FakeGrantd full(Problem(503, "unavailable", "grantd is sealed, but that could not be recorded"));
  EXPECT_THAT(RunAt(full, {"seal", "--reason", "an attack"}).err,
              HasSubstr("could not be recorded"));
}

TEST(SealShow, NamesTheTokensThatWaitAndWhatHelps) {
  FakeGrantd grantd(State(false, {"prod", "spare"}));
  const Ran ran = RunAt(grantd, {"seal", "--show"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out,
            "not sealed\n"
            "token prod waits for its PIN: grantctl unseal --token prod\n"
            "token spare waits for its PIN: grantctl unseal --token spare\n");
  EXPECT_EQ(Json::parse(RunAt(grantd, {"seal", "--show", "-o", "json"}).out),
            State(false, {"prod", "spare"}));
}

TEST(Unseal, LiftsTheSealAndGivesEachPinOnALineOfItsOwn) {
  FakeGrantd grantd(Sealed({"prod", "spare"}));
  const Ran ran = RunAt(grantd, {"unseal"}, {.in = std::string(kPin) + "\n1234"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(grantd.lines(), ElementsAre("GET /v1/seal", "POST /v1/unseal",
                                          "POST /v1/tokens/prod/pin", "POST /v1/tokens/spare/pin"));
  EXPECT_EQ(grantd.calls()[2].body, kPin);
  EXPECT_EQ(grantd.calls()[3].body, "1234");
  EXPECT_EQ(ran.out, "not sealed\n");
  EXPECT_THAT(ran.err, HasSubstr("the seal is lifted"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(kPin)));
}

TEST(Unseal, ShowsNoPinWhateverBecomesOfIt) {
  FakeGrantd grantd([](const FakeCall& call) {
    if (call.method == "GET") return FakeAnswer{200, State(false, {"prod"}).dump()};
    return Problem(409, "conflict", "token 'prod' refused the last PIN",
                   "grantctl unseal --token prod --after-wrong-pin");
  });
  std::vector<bool> echo;
  const Ran ran = RunAt(grantd, {"unseal", "--token", "prod"},
                        {.in = kPin, .terminal = true, .echo = [&echo](bool on) {
                           echo.push_back(on);
                           return true;
                         }});
  EXPECT_THAT(echo, ElementsAre(false, true));
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.err, HasSubstr("PIN of token prod: "));
  EXPECT_THAT(ran.err, HasSubstr("--after-wrong-pin"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(kPin)));
  EXPECT_THAT(grantd.lines().back(), Not(HasSubstr(kPin)));
}

TEST(Unseal, TriesAgainAfterAWrongPinOnlyWhenToldTo) {
  FakeGrantd grantd(State(false, {"prod"}));
  RunAt(grantd, {"unseal", "--token", "prod", "--after-wrong-pin"}, {.in = kPin});
  EXPECT_EQ(grantd.lines().back(), "POST /v1/tokens/prod/pin?after_wrong_pin=true");
}

TEST(Unseal, WithoutAPinGivesNone) {
  FakeGrantd grantd(State(false, {"prod"}));
  for (const std::string& in : {std::string(), std::string("\n"), std::string(2000, '1')}) {
    const Ran ran = RunAt(grantd, {"unseal"}, {.in = in});
    EXPECT_EQ(ran.exit, 2);
    EXPECT_THAT(ran.err, HasSubstr("there is no PIN for token prod"));
    EXPECT_THAT(ran.err, HasSubstr("one line for each token"));
    EXPECT_EQ(grantd.lines().back(), "GET /v1/seal");
  }
}

TEST(Unseal, OfWhatIsNotSealedIsRefused) {
  FakeGrantd grantd(State(false));
  const Ran ran = RunAt(grantd, {"unseal"});
  EXPECT_EQ(ran.exit, 3);
  EXPECT_THAT(ran.err, HasSubstr("grantd is not sealed, and no token waits for its PIN"));
  EXPECT_THAT(ran.err, HasSubstr("grantctl seal --reason"));
}

}  // namespace
}  // namespace grant::ctl
