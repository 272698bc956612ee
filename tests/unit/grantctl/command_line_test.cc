#include "tools/grantctl/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Mistake {
  std::vector<std::string> arguments;
  std::string err;
};

TEST(CommandLine, EveryMistakeIsExitTwoWithAHintAndSendsNothing) {
  const std::vector<Mistake> mistakes = {
      {{},
       "grantctl: a command is missing after 'grantctl'\nhint: one of: request, grant, run, rules, "
       "signer, policy, key, apply, audit, explain, backup, restore, seal, unseal, doctor, whoami, "
       "version, "
       "completion\n"},
      {{"reqest", "list"},
       "grantctl: unknown command 'reqest' after 'grantctl'\nhint: did you mean 'request'?\n"},
      {{"request", "shwo", "r"},
       "grantctl: unknown command 'shwo' after 'grantctl request'\nhint: did you mean 'show'?\n"},
      {{"grant", "frobnicate"},
       "grantctl: unknown command 'frobnicate' after 'grantctl grant'\n"
       "hint: one of: list, show, revoke, release\n"},
      {{"request", "create", "release", "--signigs", "3"},
       "grantctl: unknown option '--signigs'\nhint: did you mean '--signings'?\n"},
      {{"request", "list", "--ouput=json"},
       "grantctl: unknown option '--ouput'\nhint: did you mean '--output'?\n"},
      {{"request", "create"},
       "grantctl: SIGNER is required\nhint: grantctl request create --help\n"},
      {{"request", "show", "a", "b"},
       "grantctl: unexpected argument 'b'\nhint: grantctl request show --help\n"},
      {{"request", "create", "r", "--signings", "0", "--reason", "x", "--window", "2h"},
       "grantctl: --signings: '0' is not a number from 1 to 1000000\n"
       "hint: grantctl request create --help\n"},
      {{"request", "create", "r", "--signings", "3", "--reason", "x"},
       "grantctl: --window, or --from with --until, is required\n"
       "hint: grantctl request create --help\n"},
      {{"request", "create", "r", "--signings", "3", "--reason", "x", "--from", "2026-11-21 22:00",
        "--until", "2026-11-22T00:00:00Z"},
       "grantctl: --from: '2026-11-21 22:00' is not a time in RFC 3339: write date, time and zone "
       "as in 2026-11-21T22:00:00Z or 2026-11-21T22:00:00+01:00\n"
       "hint: grantctl request create --help\n"},
      {{"request", "create", "r", "--signings", "3", "--reason", "x", "--from",
        "2026-11-21T22:00:00Z"},
       "grantctl: --from requires --until\nhint: grantctl request create --help\n"},
      {{"request", "create", "r", "--signings", "3", "--reason", "x", "--window", "2h", "--wait",
        "--no-wait"},
       "grantctl: --wait excludes --no-wait\nhint: grantctl request create --help\n"},
      {{"request", "wait", "r", "--timeout", "soon"},
       "grantctl: --timeout: 'soon' is not a duration: write it as in 90s, 30m, 2h, 7d or 1h30m\n"
       "hint: grantctl request wait --help\n"},
      {{"request", "list", "--since", "yesterday"},
       "grantctl: --since: 'yesterday' is neither a duration such as 7d nor a time in RFC 3339 "
       "such "
       "as 2026-11-21T22:00:00Z\n"
       "hint: grantctl request list --help\n"},
      {{"run", "r", "--signings", "1", "--window", "1h", "--reason", "x"},
       "grantctl: there is no command to run\nhint: write it and its arguments behind --\n"},
      {{"run", "r", "--signings", "1", "--window", "1h", "--reason", "x", "-o", "json", "--",
        "true"},
       "grantctl: run leaves stdout to the command, so -o has nothing to print\n"
       "hint: grantctl grant show ID -o json tells what was used\n"},
      {{"request", "list", "--status", "opn"},
       "grantctl: --status: 'opn' is none of: open, approved, rejected, cancelled, expired\n"
       "hint: grantctl request list --help\n"},
      {{"whoami", "-o", "yaml"},
       "grantctl: --output: 'yaml' is none of: table, wide, json, name\n"
       "hint: grantctl whoami --help\n"},
      {{"whoami", "--api", "localhost:80"},
       "grantctl: 'localhost:80' is not an address of grantd\n"
       "hint: write it as unix:/run/grantd/api.sock in --api or GRANTD_API\n"}};
  FakeGrantd grantd(Json::object());
  for (const Mistake& mistake : mistakes) {
    const Ran ran = RunAt(grantd, mistake.arguments);
    EXPECT_EQ(ran.exit, 2) << mistake.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err, mistake.err);
  }
  EXPECT_TRUE(grantd.calls().empty());
}

TEST(CommandLine, HelpIsAResult) {
  const Ran ran = RunAt("unix:/nowhere", {"request", "create", "--help"});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(ran.out, HasSubstr("--signings"));
  EXPECT_THAT(ran.out, HasSubstr("Exit codes: 0 ok"));
  EXPECT_THAT(RunAt("unix:/nowhere", {"--version"}).out, StartsWith("grantctl "));
}

TEST(CommandLine, TheOptionWinsOverTheVariable) {
  FakeGrantd grantd(Json::object({{"principal", "unix:alice"}}));
  EXPECT_EQ(RunAt("unix:/nowhere", {"whoami", "--api", grantd.address(), "-o", "name"}).out,
            "unix:alice\n");
}

TEST(CommandLine, AResultThatCannotBeWrittenIsAFailure) {
  FakeGrantd grantd(Json::object({{"principal", "unix:alice"}}));
  std::istringstream in;
  std::ostringstream err;
  std::ostringstream full;
  full.setstate(std::ios::badbit);
  Surroundings around{.in = in,
                      .out = full,
                      .err = err,
                      .variable = [](const std::string&) { return std::string(); },
                      .now = TestNow,
                      .pause = {}};
  EXPECT_EQ(RunGrantctl({"whoami", "--api", grantd.address()}, around), 1);
  EXPECT_EQ(err.str(), "grantctl: cannot write the result to stdout\n");
}

}  // namespace
}  // namespace grant::ctl
