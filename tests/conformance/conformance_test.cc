// Nothing that succeeds directly on the token fails through the wrap placement with open signers,
// and nothing that fails does so in another way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/e2e/world.h"

namespace grant::test {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Conformance : public testing::Test {
 protected:
  // What the program reports of a fresh token, seen through `module`.
  static std::vector<std::string> ReportOf(World& world, const std::string& module,
                                           const Environment& more) {
    Environment environment = world.softhsm().environment();
    const Outcome prepared = test::Run(
        {CONFORMANCE_PROGRAM, "--prepare", SoftHsm::Module(), "prod", World::kPin}, environment);
    EXPECT_EQ(prepared.exit_code, 0) << prepared.output;
    EXPECT_THAT(Lines(prepared.output), testing::Each(testing::HasSubstr("CKR_OK")));
    if (!more.empty()) {
      world.Start();
      std::string rules;
      for (const std::string key : {"sign-rsa", "sign-ec", "sign-ed", "sign-dsa"}) {
        rules += "[[signer]]\nname = \"" + key + "\"\nkey = \"pkcs11:token=prod;object=" + key +
                 "\"\nusers = [\"" + PrincipalOf(geteuid()) +
                 "\"]\nacknowledge = [\"decrypt\", \"unwrap\", \"sign-recover\", \"derive\", "
                 "\"not-sensitive\", \"was-readable\", \"extractable\", \"was-extractable\"]\n";
      }
      world.ApplyRulesText(rules);
    }
    for (const auto& [name, value] : more) environment[name] = value;
    const Outcome outcome =
        test::Run({CONFORMANCE_PROGRAM, module, "prod", World::kPin}, environment);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    return Lines(outcome.output);
  }
};

TEST_F(Conformance, OfTheWrapPlacementIsThatOfTheToken) {
  World plain(std::vector<KeyToMake>{});
  const std::vector<std::string> directly = ReportOf(plain, SoftHsm::Module(), {});
  World wrapped(std::vector<KeyToMake>{});
  Environment environment = wrapped.client_environment();
  environment["GRANT_PKCS11_CONFIG"] = wrapped.directory().Write(
      "pkcs11.conf", "mode = \"wrap\"\nmodule = \"" + SoftHsm::Module() + "\"\n");
  const std::vector<std::string> through = ReportOf(wrapped, GRANT_PKCS11_MODULE, environment);

  EXPECT_GT(directly.size(), 800U);
  EXPECT_THAT(directly, testing::Contains(testing::HasSubstr("C_Sign")));
  ASSERT_EQ(through.size(), directly.size());
  for (size_t i = 0; i < directly.size(); ++i) EXPECT_EQ(through[i], directly[i]) << "line " << i;
  EXPECT_GT(wrapped.Audited("signature.spent"), 40) << "the keys are governed";
}

// The functions named in the first column of the document's table of differences.
std::set<std::string> DocumentedDifferences() {
  std::set<std::string> names;
  std::ifstream file(FUNCTIONS_DOCUMENT);
  bool reached = false;
  for (std::string line; std::getline(file, line);) {
    reached = reached || line == "## How the broker differs from the token";
    if (!reached || !line.starts_with("| `C_")) continue;
    std::istringstream words(line.substr(1, line.find('|', 1) - 1));
    for (std::string name; words >> name;) names.insert(name.substr(1, name.find('`', 1) - 1));
  }
  return names;
}

TEST_F(Conformance, OfTheBrokerDiffersAsTheDocumentSays) {
  World plain(std::vector<KeyToMake>{});
  const std::vector<std::string> directly = ReportOf(plain, SoftHsm::Module(), {});
  World brokered(std::vector<KeyToMake>{});
  brokered.ConfigureToken("accept_any_pin = true\n");
  const std::vector<std::string> through =
      ReportOf(brokered, GRANT_PKCS11_MODULE, brokered.client_environment());

  std::set<std::string> differing;
  const std::multiset<std::string> a(directly.begin(), directly.end());
  const std::multiset<std::string> b(through.begin(), through.end());
  const auto add = [&differing](const std::multiset<std::string>& some,
                                const std::multiset<std::string>& others) {
    for (const std::string& line : some) {
      // What the module tells the person is between the lines.
      if (line.starts_with("C_") && some.count(line) != others.count(line)) {
        differing.insert(line.substr(0, line.find(' ')));
      }
    }
  };
  add(a, b);
  add(b, a);
  EXPECT_EQ(differing, DocumentedDifferences());
}

}  // namespace
}  // namespace grant::test
