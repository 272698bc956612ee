#include "grantd/config/toml_reader.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

const std::string kSource = "test.toml";

// What Finish() says after `read` had the document.
template <typename Read>
std::string ErrorFor(const std::string& document, const Read& read) {
  const auto root = ParseToml(document, kSource, 1 << 20);
  if (!root) return root.error().message;
  TomlTable table(*root, "", kSource);
  read(table);
  const Status status = table.Finish();
  return status ? "no error" : status.error().message;
}

TEST(TomlReader, NamesTheLineOfASyntaxError) {
  const auto root = ParseToml("a = 1\nb = \n", kSource, 100);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, Code::kInvalid);
  EXPECT_EQ(root.error().message.rfind("test.toml:2: not TOML: ", 0), 0U) << root.error().message;
}

TEST(TomlReader, RefusesDuplicatesAndBytesThatAreNoText) {
  for (const char* const document :
       {"a = 1\na = 2\n", "[a]\n[a]\n", "a = '\xff'\n", "a = '\xc0\x80'\n", "a = 1\n[a]\n"}) {
    EXPECT_FALSE(ParseToml(document, kSource, 100)) << document;
  }
  EXPECT_FALSE(ParseToml(std::string("a = '\0'\n", 8), kSource, 100));
}

TEST(TomlReader, IsBoundedInSizeAndDepth) {
  EXPECT_TRUE(ParseToml(std::string(100, '\n'), kSource, 100));
  const auto root = ParseToml(std::string(101, '\n'), kSource, 100);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, Code::kTooLarge);
  EXPECT_EQ(root.error().message, "test.toml is 101 bytes long; the limit is 100");
  EXPECT_FALSE(ParseToml("a = " + std::string(100000, '['), kSource, 1 << 20));
}

TEST(TomlReader, AnUnknownKeyComesBeforeAMissingOne) {
  EXPECT_EQ(ErrorFor("nmae = 'x'", [](TomlTable& table) { table.String("name"); }),
            "test.toml:1: unknown key 'nmae'");
}

TEST(TomlReader, TheFirstUnknownKeyOfTheDocumentIsNamed) {
  EXPECT_EQ(ErrorFor("\nzebra = 1\nape = 2\n", [](TomlTable&) {}),
            "test.toml:2: unknown key 'zebra'");
}

TEST(TomlReader, AnUnknownKeyIsShownWithoutControlCharacters) {
  EXPECT_EQ(ErrorFor("\"\\u001b[31m\" = 1", [](TomlTable&) {}), "test.toml:1: unknown key '?[31m'");
}

struct Case {
  const char* document;
  void (*read)(TomlTable&);
  const char* message;
};

class TomlValue : public ::testing::TestWithParam<Case> {};

TEST_P(TomlValue, IsReadOrRefusedWithItsLine) {
  EXPECT_EQ(ErrorFor(GetParam().document, GetParam().read), GetParam().message);
}

void ReadString(TomlTable& table) {
  table.String("k");
}
void ReadName(TomlTable& table) {
  table.Name("k");
}
void ReadPath(TomlTable& table) {
  table.AbsolutePath("k");
}
void ReadBool(TomlTable& table) {
  table.BoolOr("k", false);
}
void ReadCount(TomlTable& table) {
  table.Count("k", 1, 10);
}
void ReadSpan(TomlTable& table) {
  table.Span("k");
}
void ReadStrings(TomlTable& table) {
  table.Strings("k");
}
void ReadPrincipals(TomlTable& table) {
  table.Principals("k");
}
void ReadTable(TomlTable& table) {
  table.Table("k");
}
void ReadTables(TomlTable& table) {
  table.Tables("k");
}

INSTANTIATE_TEST_SUITE_P(
    All, TomlValue,
    ::testing::Values(
        Case{"k = 'v'", ReadString, "no error"}, Case{"", ReadString, "test.toml: 'k' is missing"},
        Case{"\nk = 1", ReadString, "test.toml:2: 'k' must be a string, not a whole number"},
        Case{"k = []", ReadString, "test.toml:1: 'k' must be a string, not a list"},
        Case{"k = 1.5", ReadString, "test.toml:1: 'k' must be a string, not something else"},
        Case{"k = ''", ReadString, "test.toml:1: 'k' must not be empty"},
        Case{"k = \"a\\nb\"", ReadString, "test.toml:1: 'k' must not have control characters"},
        Case{"k = 'Az09._-'", ReadName, "no error"},
        Case{"k = 'a b'", ReadName, "test.toml:1: 'k' is 'a b', which is no name"},
        Case{"k = '-a'", ReadName, "test.toml:1: 'k' is '-a', which is no name"},
        Case{"k = 'ä'", ReadName, "test.toml:1: 'k' is 'ä', which is no name"},
        Case{"k = '/a'", ReadPath, "no error"},
        Case{"k = 'a/b'", ReadPath, "test.toml:1: 'k' is 'a/b', which is no absolute path"},
        Case{"k = true", ReadBool, "no error"},
        Case{"k = 'true'", ReadBool, "test.toml:1: 'k' must be true or false, not a string"},
        Case{"k = 1", ReadCount, "no error"}, Case{"k = 10", ReadCount, "no error"},
        Case{"k = 0", ReadCount, "test.toml:1: 'k' must be from 1 to 10, not 0"},
        Case{"k = -1", ReadCount, "test.toml:1: 'k' must be from 1 to 10, not -1"},
        Case{"k = 4294967297", ReadCount, "test.toml:1: 'k' must be from 1 to 10, not 4294967297"},
        Case{"k = '1'", ReadCount, "test.toml:1: 'k' must be a whole number, not a string"},
        Case{"k = '1h30m'", ReadSpan, "no error"},
        Case{"k = '1 hour'", ReadSpan, "test.toml:1: 'k' is wrong: '1 hour' is not a duration"},
        Case{"k = 60", ReadSpan, "test.toml:1: 'k' must be a string, not a whole number"},
        Case{"k = ['a', 'b']", ReadStrings, "no error"}, Case{"", ReadStrings, "no error"},
        Case{"k = 'a'", ReadStrings, "test.toml:1: 'k' must be a list of strings, not a string"},
        Case{"k = []", ReadStrings, "test.toml:1: 'k' must have 1 to 1024 items, not 0"},
        Case{"k = ['a', 1]", ReadStrings,
             "test.toml:1: 'k' must be a list of strings; a whole number is among them"},
        Case{"k = ['a', 'a']", ReadStrings, "test.toml:1: 'k' names 'a' twice"},
        Case{"k = ['a', '']", ReadStrings, "test.toml:1: 'k' must not be empty"},
        Case{"k = ['unix:a', 'group:b']", ReadPrincipals, "no error"},
        Case{"k = ['alice']", ReadPrincipals, "test.toml:1: 'k' is wrong: 'alice' names nobody"},
        Case{"[k]", ReadTable, "no error"}, Case{"", ReadTable, "no error"},
        Case{"k = 1", ReadTable, "test.toml:1: 'k' must be the table [k]"},
        Case{"[[k]]\n[[k]]", ReadTables, "no error"},
        Case{"[k]", ReadTables, "test.toml:1: 'k' must be written as [[k]]"},
        Case{"k = [1]", ReadTables, "test.toml:1: 'k' must be written as [[k]]"}));

TEST(TomlReader, StringsAndListsAreBounded) {
  EXPECT_EQ(ErrorFor("k = '" + std::string(1024, 'x') + "'", ReadString), "no error");
  EXPECT_EQ(ErrorFor("k = '" + std::string(1025, 'x') + "'", ReadString),
            "test.toml:1: 'k' is longer than 1024 bytes");
  EXPECT_EQ(ErrorFor("k = '" + std::string(64, 'x') + "'", ReadName), "no error");
  EXPECT_NE(ErrorFor("k = '" + std::string(65, 'x') + "'", ReadName), "no error");
  std::string list;
  for (int i = 0; i < 1025; ++i) list += "'" + std::to_string(i) + "',";
  EXPECT_EQ(ErrorFor("k = [" + list + "]", ReadStrings),
            "test.toml:1: 'k' must have 1 to 1024 items, not 1025");
  std::string tables;
  for (int i = 0; i < 1025; ++i) tables += "[[k]]\n";
  EXPECT_EQ(ErrorFor(tables, ReadTables), "test.toml:1: 'k' has 1025 tables; the limit is 1024");
}

TEST(TomlReader, GivesTheValuesThatAreThere) {
  const auto root = ParseToml(
      "s = 'v'\nb = true\nn = 7\nd = '2h'\nl = ['a', 'b']\n[t]\ns = 'inner'\n[[a]]\ns = '1'\n"
      "[[a]]\ns = '2'\n",
      kSource, 1000);
  ASSERT_TRUE(root) << root.error().message;
  TomlTable table(*root, "", kSource);
  EXPECT_EQ(table.String("s"), "v");
  EXPECT_EQ(table.StringOr("none", "otherwise"), "otherwise");
  EXPECT_TRUE(table.BoolOr("b", false));
  EXPECT_TRUE(table.BoolOr("none", true));
  EXPECT_EQ(table.Count("n", 1, 10), 7U);
  EXPECT_EQ(table.Count("none", 1, 10), std::nullopt);
  EXPECT_EQ(table.Span("d"), std::chrono::hours(2));
  EXPECT_EQ(table.Strings("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table.Table("t").String("s"), "inner");
  std::string all;
  for (TomlTable& one : table.Tables("a")) all += one.String("s");
  EXPECT_EQ(all, "12");
  EXPECT_TRUE(table.Finish());
}

}  // namespace
}  // namespace grant
