#include "tools/grantctl/table.h"

#include <gtest/gtest.h>

namespace grant::ctl {
namespace {

TEST(Table, AlignsByCharacters) {
  Table table({"NAME", "STATUS", "X"});
  table.Add({{"Grüße"}, {"open"}, {"1"}});
  table.Add({{"a"}, {""}, {"2"}});
  EXPECT_EQ(table.Render(false),
            "NAME   STATUS  X\n"
            "Grüße  open    1\n"
            "a      -       2\n");
}

TEST(Table, ColourDoesNotMoveColumns) {
  Table table({"A", "B"});
  table.Add({{"on", Colour::kGreen}, {"x"}});
  EXPECT_EQ(table.Render(true),
            "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n"
            "\x1b[32mon\x1b[0m  x\n");
}

TEST(Table, SanitisesAndTruncatesItsCells) {
  Table table({"A"});
  table.Add({{"\x1b]0;title\x07", Colour::kNone, 8}});
  EXPECT_EQ(table.Render(false), "A\n\\u001b]…\n");
}

TEST(Table, FillsShortRows) {
  Table table({"A", "B"});
  table.Add({{"1"}});
  EXPECT_EQ(table.Render(false), "A  B\n1  -\n");
}

TEST(Block, LinesUpValuesAndLeavesEmptyOnesOut) {
  Block block(2);
  block.Add("Status", "open");
  block.Add("A longer label", "");
  block.Add("Reason", "first\nsecond\x1b[A");
  EXPECT_EQ(block.Render(false),
            "  Status  open\n"
            "  Reason  first\n"
            "          second\\u001b[A\n");
}

TEST(Block, MarksTheLinesOfATextSoThatNoneLooksLikeARow) {
  Block block;
  block.Add("Status", "open");
  block.AddText("Reason", "first\nContent  any\n");
  EXPECT_EQ(block.Render(false),
            "Status  open\n"
            "Reason  first\n"
            "        | Content  any\n"
            "        |\n");
}

TEST(Indent, MovesEveryLine) {
  EXPECT_EQ(Indent("a\nb\n", 2), "  a\n  b\n");
}

}  // namespace
}  // namespace grant::ctl
