#include "tools/grantctl/rules_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/grantctl/fake_grantd.h"

namespace grant::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kDocument = R"([[signer]]
name = "release"
certificate = "certs/release.pem"
[[signer]]
name = "test"
[[signer]]
name = "also"
certificate = "certs/release.pem"
)";

Outcome<RulesFile> Load(const std::string& path) {
  std::istringstream in;
  return LoadRulesFile(path, in);
}

TEST(LoadRulesFile, FindsCertificatesBesideTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.Write("rules.toml", kDocument);
  directory.Write("certs/release.pem", "PEM");
  const auto rules = Load(path);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->document, kDocument);
  EXPECT_EQ(rules->source, path);
  EXPECT_THAT(rules->files, ElementsAre(Pair("certs/release.pem", "PEM")));
}

TEST(LoadRulesFile, ReadsStdin) {
  std::istringstream in("[[group]]\nname = \"a\"\n");
  const auto rules = LoadRulesFile("-", in);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->document, "[[group]]\nname = \"a\"\n");
  EXPECT_EQ(rules->source, "stdin");
}

TEST(LoadRulesFile, NamesWhatIsMissing) {
  const TemporaryDirectory directory;
  EXPECT_THAT(Load(directory.Path("none.toml")).error().message,
              HasSubstr("none.toml: No such file"));
  EXPECT_THAT(Load(directory.Path("")).error().message, HasSubstr("Is a directory"));
  const auto rules = Load(directory.Write("rules.toml", kDocument));
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error().message, HasSubstr("certs/release.pem: No such file"));
  EXPECT_THAT(rules.error().hint, HasSubstr("relative to the rules file"));
}

TEST(LoadRulesFile, NamesLineAndColumnOfWhatIsNoToml) {
  const TemporaryDirectory directory;
  const auto rules = Load(directory.Write("rules.toml", "[[group]]\nname = oops\n"));
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error().message, HasSubstr("rules.toml:2:"));
}

TEST(LoadRulesFile, LeavesTheMeaningToGrantd) {
  const TemporaryDirectory directory;
  for (const char* document : {"signer = 7\n", "signer = [1, 2]\n", "[[signer]]\ncertificate = 7\n",
                               "[[signer]]\ncertificate = \"\"\n", ""}) {
    const auto rules = Load(directory.Write("rules.toml", document));
    ASSERT_TRUE(rules) << document;
    EXPECT_TRUE(rules->files.empty());
  }
}

TEST(LoadRulesFile, BoundsWhatItReads) {
  const TemporaryDirectory directory;
  EXPECT_THAT(
      Load(directory.Write("big.toml", std::string(kRulesFileBytesMax + 1, '#'))).error().message,
      HasSubstr("larger than 512 KiB"));
  const std::string path = directory.Write("rules.toml", kDocument);
  directory.Write("certs/release.pem", std::string(kCertificateFileBytesMax, 'a'));
  EXPECT_TRUE(Load(path));
  directory.Write("certs/release.pem", std::string(kCertificateFileBytesMax + 1, 'a'));
  EXPECT_THAT(Load(path).error().message, HasSubstr("larger than 64 KiB"));
}

}  // namespace
}  // namespace grant::ctl
