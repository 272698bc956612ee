#include "tools/grantctl/failure.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

TEST(ExitCode, EveryProblemOfTheApiHasItsOwn) {
  const std::map<std::pair<int, std::string>, int> expected = {
      {{400, "invalid"}, 1},   {{401, "unauthenticated"}, 4},    {{403, "forbidden"}, 3},
      {{404, "not-found"}, 1}, {{405, "method-not-allowed"}, 1}, {{409, "conflict"}, 3},
      {{413, "too-large"}, 1}, {{503, "unavailable"}, 6},        {{504, "timeout"}, 5},
      {{500, "internal"}, 1}};
  for (const auto& [problem, exit] : expected) {
    FakeGrantd grantd(Problem(problem.first, problem.second, "it is so", "mend it"));
    const Ran ran = RunAt(grantd, {"whoami"});
    EXPECT_EQ(ran.exit, exit) << problem.second;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, "grantctl: it is so\nhint: mend it\n");
  }
}

TEST(ExitCode, AProblemWithoutAHintPrintsNone) {
  FakeGrantd grantd(Problem(404, "not-found", "no request req_x"));
  EXPECT_EQ(RunAt(grantd, {"request", "show", "req_x"}).err, "grantctl: no request req_x\n");
}

TEST(ExitCode, AProblemsTextIsSanitised) {
  FakeGrantd grantd(Problem(403, "forbidden", "no\x1b[2J", "do\rthis"));
  EXPECT_EQ(RunAt(grantd, {"whoami"}).err, "grantctl: no\\u001b[2J\nhint: do\\u000dthis\n");
}

TEST(FailureOfAnswer, SaysSomethingEvenWithoutAProblemDocument) {
  EXPECT_EQ(FailureOfAnswer(502, "<html>").message, "grantd answered with HTTP status 502");
  EXPECT_EQ(FailureOfAnswer(502, "[1]").message, "grantd answered with HTTP status 502");
  EXPECT_EQ(FailureOfAnswer(403, R"({"title":"Forbidden"})").message, "Forbidden");
  EXPECT_EQ(FailureOfAnswer(403, R"({"detail":7})").exit, Exit::kRefused);
}

}  // namespace
}  // namespace grant::ctl
