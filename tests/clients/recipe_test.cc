#include "tests/clients/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace grant::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string kRecipe =
    "### A tool\n"
    "<!-- test: a-tool; needs: openssl /etc/passwd; uses: release=2 ec=1 -->\n"
    "Text.\n"
    "```ini\nnot run\n```\n"
    "```sh prepare\n# no heading\necho prepare\n```\n"
    "```sh sign\necho sign 1\necho sign 2\n```\n"
    "```sh verify\necho verify\n```\n"
    "```sh check-refused\necho refused\n```\n";

std::string ErrorOf(const std::string& document) {
  try {
    ParseRecipes(document);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

std::string Replaced(const std::string& from, const std::string& to) {
  std::string document = kRecipe;
  return document.replace(document.find(from), from.size(), to);
}

TEST(Recipes, AreReadWithTheirBlocks) {
  const auto recipes = ParseRecipes("# Clients\n```sh\nplain\n```\n" + kRecipe + "## Next\n");
  ASSERT_EQ(recipes.size(), 1U);
  EXPECT_EQ(recipes[0].name, "a-tool");
  EXPECT_THAT(recipes[0].needs, ElementsAre("openssl", "/etc/passwd"));
  EXPECT_THAT(recipes[0].uses, ElementsAre(Pair("ec", 1), Pair("release", 2)));
  EXPECT_EQ(recipes[0].prepare, "# no heading\necho prepare\n");
  EXPECT_EQ(recipes[0].sign, "echo sign 1\necho sign 2\n");
  EXPECT_EQ(recipes[0].verify, "echo verify\n");
  EXPECT_EQ(recipes[0].check_refused, "echo refused\n");
}

TEST(Recipes, CountUsesOfTheSignerReleaseWhereNoneIsNamed) {
  const auto recipes = ParseRecipes(Replaced("release=2 ec=1", "3"));
  ASSERT_EQ(recipes.size(), 1U);
  EXPECT_THAT(recipes[0].uses, ElementsAre(Pair("release", 3)));
}

TEST(Recipes, WithMistakesAreErrorsThatNameTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Replaced("```sh sign", "```sh sgin"), "clients.md:11: no block is called 'sgin'"},
      {Replaced("```sh verify", "```sh sign"), "clients.md:15: a second block 'sign'"},
      {Replaced("```sh sign", "```sh"), "recipe 'a-tool' ends without a block 'sign'"},
      {Replaced("```sh verify", "```sh"), "recipe 'a-tool' ends without a block 'verify'"},
      {Replaced("<!-- test: a-tool", "<!--test: a-tool"), "clients.md:2: a comment that begins no"},
      {Replaced("ec=1 -->", "ec=1"), "clients.md:2: the comment does not end on its line"},
      {Replaced("needs:", "need:"), "clients.md:2: unknown 'need:'"},
      {Replaced("needs: openssl /etc/passwd", "needs:"), "clients.md:2: 'needs:' has no value"},
      {Replaced("needs: openssl /etc/passwd", "openssl"), "is not of the form 'key: value'"},
      {Replaced("needs: openssl", "uses: 1"), "is no number of uses"},
      {Replaced("; uses: release=2 ec=1", ""), "does not say 'uses:'"},
      {Replaced("release=2", "release=0"), "'release=0' is no number of uses from 1"},
      {Replaced("release=2", "release=two"), "'release=two' is no number of uses from 1"},
      {Replaced("release=2", "ec=2"), "uses of 'ec' given twice"},
      {Replaced("a-tool;", "A tool;"), "the name 'A tool' has more than"},
      {kRecipe + kRecipe, "a second recipe 'a-tool'"},
      {Replaced("Text.", "## Heading"), "clients.md:3: recipe 'a-tool' ends without"},
      {"```sh sign\necho\n```\n", "clients.md:1: a block 'sign' that belongs to no recipe"},
      {kRecipe + "```sh\necho\n", "the code block is not closed"},
  };
  for (const auto& [document, message] : cases) {
    EXPECT_THAT(ErrorOf(document), HasSubstr(message)) << document;
  }
}

TEST(Recipes, SayWhatThisMachineLacks) {
  const TempDir folder;
  folder.Write("tool", "", 0755);
  folder.Write("file", "", 0644);
  const auto missing = [&folder](const std::string& need) {
    Recipe recipe;
    recipe.needs = {need};
    return MissingNeed(recipe, "/nowhere:" + folder.path(), folder.path());
  };
  EXPECT_EQ(missing("tool"), "");
  EXPECT_EQ(missing("file"), "the program file is not on this machine");
  EXPECT_EQ(missing("./file"), "");
  EXPECT_EQ(missing(folder / "f*e"), "");
  EXPECT_EQ(missing(kOrdinaryUser), "");
  EXPECT_EQ(missing("lib/x"), folder / "lib/x" + " is not on this machine");
}

}  // namespace
}  // namespace grant::test
