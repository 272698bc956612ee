// The completion scripts in the shells they are for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/child_process.h"
#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

// Completes as a user's Tab does, and prints what is offered, or the line as it is then.
constexpr const char* kBash = R"(
source <(grantctl completion bash)
read -ra COMP_WORDS <<<"$LINE"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_grantctl
printf '%s\n' "${COMPREPLY[@]}"
)";

constexpr const char* kFish = R"(
grantctl completion fish | source
complete -C "$LINE"
)";

// A terminal of its own, for zsh completes nowhere else.
constexpr const char* kZsh = R"(
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source <(grantctl completion zsh)'
zpty -w z 'show() { print -r -- "NOW<$BUFFER>"; zle .kill-buffer }; zle -N show; bindkey "^X" show'
zpty -w z "print -r -- READ''Y"
zpty -r z out '*READY*'
zpty -wn z "$LINE"$'\t\x18'
zpty -r z out '*NOW<*>*'
print -r -- "${${out##*NOW<}%%>*}"
zpty -d z
)";

struct Shell {
  const char* name;
  std::vector<std::string> start;
  const char* script;
};

class Shells : public testing::TestWithParam<Shell> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().name;
    if (test::Run({"sh", "-c", "command -v " + name}).exit_code != 0) {
      GTEST_SKIP() << name << " is not installed";
    }
  }

  std::string Complete(const std::string& line) {
    const std::string programs = std::filesystem::path(GRANTCTL_PROGRAM).parent_path();
    std::vector<std::string> command = GetParam().start;
    command.emplace_back(GetParam().script);
    const auto outcome = test::Run(command, {{"PATH", programs + ":/usr/bin:/bin"},
                                             {"GRANTD_API", grantd_.address()},
                                             {"LINE", line},
                                             {"HOME", home_.Path("")},
                                             {"XDG_CONFIG_HOME", home_.Path("config")},
                                             {"XDG_DATA_HOME", home_.Path("data")},
                                             {"TERM", "dumb"}});
    EXPECT_EQ(outcome.exit_code, 0);
    return outcome.output;
  }

  TemporaryDirectory home_;
  FakeGrantd grantd_{Items(Json::array({SampleRequest(), {{"name", "release"}}}))};
};

TEST_P(Shells, CompleteCommandsOptionsValuesAndWhatGrantdKnows) {
  using ::testing::ContainsRegex;
  EXPECT_THAT(Complete("grantctl requ"), ContainsRegex("(^| )request"));
  EXPECT_THAT(Complete("grantctl request create release --sig"), ContainsRegex("--signings"));
  EXPECT_THAT(Complete("grantctl whoami -o j"), ContainsRegex("(^| )json"));
  EXPECT_THAT(Complete("grantctl request show req_0"), ContainsRegex("(^| )req_01JD"));
  EXPECT_THAT(Complete("grantctl policy test rel"), ContainsRegex("(^| )release"));
}

INSTANTIATE_TEST_SUITE_P(All, Shells,
                         testing::Values(Shell{"bash", {"bash", "--norc", "-c"}, kBash},
                                         Shell{"zsh", {"zsh", "-f", "-c"}, kZsh},
                                         Shell{"fish", {"fish", "--no-config", "-c"}, kFish}),
                         [](const auto& shell) { return std::string(shell.param.name); });

}  // namespace
}  // namespace grant::ctl
