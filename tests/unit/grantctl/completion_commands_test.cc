#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/harness.h"

namespace grant::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Complete(const FakeGrantd& grantd, std::vector<std::string> words) {
  words.insert(words.begin(), {"__complete", "--"});
  const Ran ran = RunAt(grantd, words);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  return ran.out;
}

class Completion : public testing::Test {
 protected:
  FakeGrantd grantd_{Items(Json::array({SampleRequest(), {{"name", "release"}}}))};
};

TEST_F(Completion, OffersCommandsAndOptions) {
  EXPECT_THAT(Complete(grantd_, {""}), HasSubstr("request\n"));
  EXPECT_THAT(Complete(grantd_, {""}), Not(HasSubstr("__complete")));
  EXPECT_EQ(Complete(grantd_, {"request", "rev"}), "review\n");
  EXPECT_EQ(Complete(grantd_, {"request", "create", "release", "--sig"}), "--signings\n");
  EXPECT_THAT(Complete(grantd_, {"grant", "list", "--"}), HasSubstr("--output\n"));
  EXPECT_EQ(Complete(grantd_, {"request", "create", "--he"}), "--help\n");
  EXPECT_TRUE(grantd_.calls().empty());
}

TEST_F(Completion, OffersTheValuesOfOptions) {
  EXPECT_EQ(Complete(grantd_, {"request", "list", "--status", "re"}), "rejected\n");
  EXPECT_EQ(Complete(grantd_, {"whoami", "-o", "j"}), "json\n");
  EXPECT_EQ(Complete(grantd_, {"completion", "z"}), "zsh\n");
  EXPECT_EQ(Complete(grantd_, {"request", "list", "--status=o"}), "--status=open\n");
  EXPECT_EQ(Complete(grantd_, {"request", "list", "--status", "=", "o"}), "open\n")
      << "as bash parts the word";
  EXPECT_THAT(Complete(grantd_, {"request", "list", "--status", "="}), HasSubstr("open\n"));
  EXPECT_EQ(Complete(grantd_, {"request", "create", "release", "--file", "x"}), "")
      << "the shell completes files";
}

TEST_F(Completion, AsksGrantdForIdsAndNames) {
  EXPECT_EQ(Complete(grantd_, {"request", "approve", "req_"}), "req_01JD\n");
  EXPECT_EQ(grantd_.lines().back(), "GET /v1/requests?awaiting=me");
  EXPECT_EQ(Complete(grantd_, {"run", "rel"}), "release\n");
  EXPECT_EQ(grantd_.lines().back(), "GET /v1/signers");
  EXPECT_EQ(Complete(grantd_, {"grant", "list", "--signer", "rel"}), "release\n");
  EXPECT_EQ(Complete(grantd_, {"request", "show", "req_01JD", ""}), "") << "it takes one ID";
}

TEST_F(Completion, KnowsWhatPolicyTestAndExplainAreAbout) {
  EXPECT_EQ(Complete(grantd_, {"policy", "test", "rel"}), "release\n");
  Complete(grantd_, {"explain", ""});
  EXPECT_THAT(grantd_.lines(), testing::Contains("GET /v1/requests"));
  EXPECT_THAT(grantd_.lines(), testing::Contains("GET /v1/grants"));
}

TEST_F(Completion, LooksAtTheGrantdThatTheLineNames) {
  for (const std::vector<std::string>& api :
       std::vector<std::vector<std::string>>{{"--api", grantd_.address()},
                                             {"--api", "=", "unix", ":", grantd_.socket()},
                                             {"--api=" + grantd_.address()}}) {
    std::vector<std::string> words = {"__complete", "--"};
    words.insert(words.end(), api.begin(), api.end());
    words.insert(words.end(), {"signer", "show", "rel"});
    EXPECT_EQ(RunAt("unix:/nowhere", words).out, "release\n") << api.front();
  }
}

TEST_F(Completion, LeavesTheWordsOfACommandToRunToTheShell) {
  EXPECT_EQ(Complete(grantd_, {"run", "release", "--", "make", "--"}), "");
  EXPECT_EQ(Complete(grantd_, {"run", "release", "--", "[rel,re"}), "");
}

TEST(CompletionWithoutGrantd, OffersWhatItKnowsAndNoErrors) {
  const Ran ran = RunAt("unix:/nowhere", {"__complete", "--", "request", "show", ""});
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "");
}

TEST(CompletionScripts, AreThereForThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = RunAt("unix:/nowhere", {"completion", shell});
    EXPECT_EQ(ran.exit, 0);
    EXPECT_THAT(ran.out, HasSubstr("grantctl __complete -- "));
  }
  EXPECT_EQ(RunAt("unix:/nowhere", {"completion", "csh"}).exit, 2);
}

}  // namespace
}  // namespace grant::ctl
