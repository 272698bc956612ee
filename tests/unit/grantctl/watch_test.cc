#include "tools/grantctl/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A list that changes with each call: one item, the same, two items of which one has changed, the
// new one alone.
class Watching : public testing::Test {
 protected:
  Watching()
      : grantd_([this](const FakeCall&) {
          Json first = SampleRequest();
          Json second = SampleRequest();
          second["id"] = "req_02";
          switch (calls_++) {
            case 0:
            case 1:
              return Items(Json::array({first}));
            case 2:
              first["step"] = 2;
              return Items(Json::array({second, first}));
            default:
              return Items(Json::array({second}));
          }
        }) {}

  Ran Watch(std::vector<std::string> more, bool terminal = false) {
    std::vector<std::string> arguments = {"request", "list", "--watch"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunAt(
        grantd_, arguments,
        {.terminal = terminal, .pause = [this](std::chrono::milliseconds) { return calls_ < 4; }});
  }

  std::atomic<int> calls_ = 0;
  FakeGrantd grantd_;
};

TEST_F(Watching, JsonIsALineForEachChange) {
  const Ran ran = Watch({"-o", "json"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  std::istringstream lines(ran.out);
  std::vector<std::string> told;
  for (std::string line; std::getline(lines, line);) {
    const Json change = Json::parse(line);
    told.push_back(Text(change, "change") + " " + Text(change["item"], "id"));
  }
  EXPECT_THAT(told, testing::ElementsAre("added req_01JD", "changed req_01JD", "added req_02",
                                         "removed req_01JD"));
}

TEST_F(Watching, NamesAreThoseThatAreNewOrHaveChanged) {
  EXPECT_EQ(Watch({"-o", "name"}).out, "req_01JD\nreq_01JD\nreq_02\n");
}

TEST_F(Watching, ATerminalIsDrawnAnewEachTime) {
  const Ran ran = Watch({"--no-color"}, true);
  EXPECT_THAT(ran.out, StartsWith("\x1b[?1049h\x1b[?7l\x1b[H\x1b[2J"));
  EXPECT_THAT(ran.out, testing::EndsWith("\x1b[?1049l"));
  EXPECT_EQ(ran.out.find("\x1b[3J"), std::string::npos) << "what was scrolled out stays";
  size_t screens = 0;
  for (size_t at = ran.out.find("\x1b[2J"); at != std::string::npos;
       at = ran.out.find("\x1b[2J", at + 1)) {
    ++screens;
  }
  EXPECT_EQ(screens, 4U);
}

TEST_F(Watching, AStopByTheUserLeavesTheOtherScreenWhichIsEnteredAgain) {
  std::vector<std::string> parting;
  const Ran ran = RunAt(grantd_, {"request", "list", "--watch", "--no-color"},
                        {.terminal = true,
                         .pause = [this](std::chrono::milliseconds) { return calls_ < 4; },
                         .write_before_stops =
                             [&](const char* text) {
                               parting.emplace_back(text == nullptr ? "ended" : text);
                               return calls_ == 3;
                             }});
  EXPECT_THAT(parting, testing::ElementsAre("\x1b[?7h\x1b[?1049l", parting[0], parting[0],
                                            parting[0], "ended"));
  size_t entered = 0;
  for (size_t at = ran.out.find("\x1b[?1049h"); at != std::string::npos;
       at = ran.out.find("\x1b[?1049h", at + 1)) {
    ++entered;
  }
  EXPECT_EQ(entered, 2U) << "at the beginning, and after the stop";
}

TEST(WatchingATerminal, TheNewestThatFitAreShown) {
  FakeGrantd grantd(Items(Json::array({SampleRequest()}), "more"));
  for (const std::string more : {"--all", "--limit=50"}) {
    const Ran ran =
        RunAt(grantd, {"request", "list", "--watch", more},
              {.terminal = true,
               .pause = [&](std::chrono::milliseconds left) { return left.count() == 0; },
               .rows = 4});
    EXPECT_THAT(grantd.calls().back().target, HasSubstr("limit=1"));
    EXPECT_THAT(ran.out, HasSubstr("these are the newest 1\n"));
  }
}

TEST_F(Watching, ElsewhereATableIsPrintedAfterAChange) {
  const Ran ran = Watch({});
  EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
  size_t tables = 0;
  for (size_t at = ran.out.find("REASON"); at != std::string::npos;
       at = ran.out.find("REASON", at + 1)) {
    ++tables;
  }
  EXPECT_EQ(tables, 3U);
}

TEST(WatchFailures, LeaveTheTerminalAsItWas) {
  std::atomic<int> calls = 0;
  FakeGrantd grantd([&calls](const FakeCall&) {
    return calls++ == 0 ? Items(Json::array({SampleGrant()})) : Problem(400, "invalid", "no");
  });
  const Ran ran = RunAt(grantd, {"grant", "list", "--watch"}, {.terminal = true});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, testing::EndsWith("\x1b[?1049l"));
}

TEST(WatchFailures, AFailureOtherThanAnAbsentGrantdEndsIt) {
  FakeGrantd grantd(Problem(400, "invalid", "no"));
  EXPECT_EQ(RunAt(grantd, {"grant", "list", "--watch"}).exit, 1);
}

}  // namespace
}  // namespace grant::ctl
