// Runs every recipe of docs/clients.md against a real token behind a real grantd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>

#include "tests/clients/client_world.h"
#include "tests/clients/recipe.h"

namespace grant::test {

// How GoogleTest shows a parameter.
static void PrintTo(const Recipe& recipe, std::ostream* out) {
  *out << recipe.name;
}

namespace {

using testing::HasSubstr;

std::vector<Recipe> DocumentedRecipes() {
  std::ostringstream text;
  text << std::ifstream(CLIENTS_DOCUMENT).rdbuf();
  return ParseRecipes(text.str());
}

// The list for the parameterised test. A document that cannot be read fails in the test below.
std::vector<Recipe> RecipesOrNone() {
  try {
    return DocumentedRecipes();
  } catch (const std::exception&) {
    return {};
  }
}

TEST(ClientsDocument, IsWellFormed) {
  EXPECT_FALSE(DocumentedRecipes().empty());
}

class EachRecipe : public testing::TestWithParam<Recipe> {
 protected:
  // Signs, and expects a refusal that a person sees: in the output, or where the recipe looks.
  void ExpectRefused(const std::string& because) {
    const Outcome signing = world_->RunBlock(GetParam().sign);
    EXPECT_NE(signing.exit_code, 0) << signing.output;
    if (GetParam().check_refused.empty()) {
      EXPECT_THAT(signing.output, HasSubstr("grant-pkcs11: refused: "));
      EXPECT_THAT(signing.output, HasSubstr(". hint: grantctl request create "));
      EXPECT_THAT(signing.output, HasSubstr(because));
    } else {
      const Outcome check = world_->RunBlock(GetParam().check_refused);
      EXPECT_EQ(check.exit_code, 0) << signing.output << check.output;
      EXPECT_THAT(check.output, HasSubstr("grantctl request create ")) << signing.output;
      EXPECT_THAT(check.output, HasSubstr(because)) << signing.output;
    }
  }

  void ExpectSuccess(const std::string& commands) {
    const Outcome outcome = world_->RunBlock(commands);
    ASSERT_EQ(outcome.exit_code, 0) << commands << outcome.output;
  }

  std::unique_ptr<ClientWorld> world_;
};

TEST_P(EachRecipe, SignsExactlyAsOftenAsGranted) {
  const Recipe& recipe = GetParam();
  if (const std::string missing = MissingNeed(recipe, ClientPath(), ClientFolder());
      !missing.empty()) {
    GTEST_SKIP() << missing;
  }
  world_ = std::make_unique<ClientWorld>(recipe);
  ASSERT_NO_FATAL_FAILURE(ExpectSuccess(recipe.prepare));

  ExpectRefused("no grant for");
  EXPECT_EQ(world_->Spent(), 0);

  const auto grants = world_->Grant(recipe.uses);
  ASSERT_NO_FATAL_FAILURE(ExpectSuccess(recipe.sign));
  for (const auto& [signer, count] : recipe.uses) {
    EXPECT_EQ(world_->Used(grants.at(signer)), count) << "uses of " << signer;
  }
  ASSERT_NO_FATAL_FAILURE(ExpectSuccess(recipe.verify));

  ExpectRefused("is used up");
  const int granted = std::accumulate(recipe.uses.begin(), recipe.uses.end(), 0,
                                      [](int sum, const auto& uses) { return sum + uses.second; });
  EXPECT_EQ(world_->Spent(), granted);
}

std::string TestName(const testing::TestParamInfo<Recipe>& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Clients, EachRecipe, testing::ValuesIn(RecipesOrNone()), TestName);

}  // namespace
}  // namespace grant::test
