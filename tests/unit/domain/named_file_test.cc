#include "grantd/domain/named_file.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

TEST(ShownFileName, OrdinaryNamesStayAsTheyAre) {
  for (const char* name : {"app.exe", "dist/x64/app.exe", "r\xc3\xa9sum\xc3\xa9.pdf",
                           "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80.bin", "a b"}) {
    EXPECT_EQ(ShownFileName(name), name);
  }
}

TEST(ShownFileName, WhatActsOnAScreenIsReplaced) {
  EXPECT_EQ(ShownFileName("a\x1b[2Jb\n\t\x7f"), "a_[2Jb___");
  EXPECT_EQ(ShownFileName("\xc2\x9bx"), "_x");  // U+009B, the other way to write ESC [
  EXPECT_EQ(ShownFileName("a\xe2\x80\xaetxt.exe"), "a_txt.exe");  // U+202E turns what follows
  EXPECT_EQ(ShownFileName("\xe2\x81\xa6x\xd8\x9c"), "_x_");
  EXPECT_EQ(ShownFileName("\xff\xc0\x80x\xe2\x80"), "___x__");
}

TEST(ShownFileName, OfALongNameTheEndStays) {
  const std::string shown = ShownFileName(std::string(1000, 'a') + "/app.exe");
  EXPECT_EQ(shown.size(), kFileNameBytesMax);
  EXPECT_TRUE(shown.ends_with("/app.exe"));
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\xc3\xa9";
  EXPECT_EQ(ShownFileName(wide), wide.substr(wide.size() - (kFileNameBytesMax - 1)));
}

}  // namespace
}  // namespace grant
