#include "tools/grantctl/terminal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace grant::ctl {
namespace {

TEST(Sanitise, ShowsWhatWouldActOnATerminal) {
  EXPECT_EQ(Sanitise("a\x1b[2Jb"), "a\\u001b[2Jb");
  EXPECT_EQ(Sanitise("line\nbreak\r\ttab\x7f"), "line\\nbreak\\u000d\\u0009tab\\u007f");
  EXPECT_EQ(Sanitise("\xc2\x9b"
                     "31m"),
            "\\u009b31m");                                     // CSI as one character
  EXPECT_EQ(Sanitise("exe\xE2\x80\xAEgpj"), "exe\\u202egpj");  // right-to-left override
  EXPECT_EQ(Sanitise("\xE2\x81\xA6x\xE2\x81\xA9\xE2\x80\xA8"), "\\u2066x\\u2069\\u2028");
  EXPECT_EQ(Sanitise(std::string_view("\0", 1)), "\\u0000");
}

TEST(Sanitise, ShowsWhatIsNotSeen) {
  EXPECT_EQ(Sanitise("re\u200Blease\uFEFF"), "re\\u200blease\\ufeff");
  EXPECT_EQ(Sanitise("a\u00ADb\u2060c\u3164d\u200D"), "a\\u00adb\\u2060c\\u3164d\\u200d");
  EXPECT_EQ(Sanitise("x\U000E0041"), "x\\udb40\\udc41") << "a tag, beyond 16 bits";
}

TEST(Sanitise, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(Sanitise("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(Sanitise("\xc0\x9b"), "\\xc0\\x9b");  // overlong
  EXPECT_EQ(Sanitise("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");
  EXPECT_EQ(Sanitise("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(Sanitise("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Sanitise("\xe2\x82"), "\\xe2\\x82");  // cut short
}

TEST(Sanitise, LeavesWordsOfAnyLanguageAlone) {
  for (const char* text : {"", "plain", "Grüße", "発行", "emoji 🔑", "back\\slash"}) {
    EXPECT_EQ(Sanitise(text), text);
  }
}

TEST(Sanitise, TwiceChangesNothing) {
  const std::string once = Sanitise("a\x1b[2J\xff\n");
  EXPECT_EQ(Sanitise(once), once);
}

TEST(SanitiseJson, StaysTheSameDocument) {
  const nlohmann::json object = {{"text", "\u009b31m \xE2\x80\xAE \x7f \x1b \n \u200B \U000E0041"},
                                 {"n", 1}};
  const std::string safe = SanitiseJson(object.dump(2));
  EXPECT_EQ(nlohmann::json::parse(safe), object);
  EXPECT_EQ(safe.find("\xc2\x9b"), std::string::npos);
  EXPECT_NE(safe.find("{\n  \"n\": 1,\n"), std::string::npos) << safe;
}

TEST(Truncate, CountsCharactersNotBytes) {
  EXPECT_EQ(Truncate("Grüße", 5), "Grüße");
  EXPECT_EQ(Truncate("Grüße!", 5), "Grüß…");
  EXPECT_EQ(Truncate("abc", 1), "…");
  EXPECT_EQ(Columns("Grüß…"), 5u);
}

TEST(Paint, ColoursOnlyWhereItMay) {
  EXPECT_EQ(Paint("x", Colour::kRed, true), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Paint("x", Colour::kRed, false), "x");
  EXPECT_EQ(Paint("x", Colour::kNone, true), "x");
}

TEST(Ask, TakesNothingButYesForYes) {
  for (const auto& [answer, agreed] : std::map<std::string, bool>{{"y\n", true},
                                                                  {"Y\n", true},
                                                                  {"yes\n", true},
                                                                  {"\n", false},
                                                                  {"", false},
                                                                  {"n\n", false},
                                                                  {"yellow\n", false}}) {
    std::istringstream in(answer);
    std::ostringstream err;
    EXPECT_EQ(Ask(in, err, "go on?"), agreed) << answer;
    EXPECT_TRUE(err.str().starts_with("go on? [y/N] "));
  }
}

}  // namespace
}  // namespace grant::ctl
