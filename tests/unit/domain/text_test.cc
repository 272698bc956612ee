#include "grantd/domain/text.h"

#include <gtest/gtest.h>

#include "grantd/domain/request.h"
#include "tests/unit/domain/builders.h"

namespace grant {
namespace {

// ESC, DEL, NUL, carriage return, C1, a direction override, an isolate, line and paragraph
// separators, and a byte that is no character.
const std::string kHostile[] = {
    "\x1b[2J",      "\x7f",         std::string(1, '\0'), "\r",           "\xc2\x9b",
    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8",       "\xe2\x80\xa9", "\xff"};

TEST(Text, OfPeopleIsTakenAsItIs) {
  EXPECT_TRUE(CheckText("Rel\xc3\xa9\x61se \xf0\x9f\x94\x91\n\tline two", 100, "it"));
  EXPECT_TRUE(CheckText("", 0, "it"));
  EXPECT_EQ(CheckText("abc", 2, "it").error().code, Code::kTooLarge);
}

TEST(Text, ThatActsOnAScreenIsRefusedWhereverPeopleGiveIt) {
  const Rules rules = MakeRules();
  const Request request = FileRequest(MakeWish(), rules, Who("unix:alice"), At(0), "req_1").value();
  for (const std::string& hostile : kHostile) {
    const std::string text = "ok" + hostile + "x";
    EXPECT_EQ(CheckText(text, 100, "it").error().code, Code::kInvalid);
    Wish wish = MakeWish();
    wish.justification = text;
    EXPECT_FALSE(FileRequest(wish, rules, Who("unix:alice"), At(0), "req_1"));
    EXPECT_FALSE(Approve(request, rules, Who("unix:bob"), text, At(1), NoGroups, "grt_1"));
    EXPECT_FALSE(Reject(request, rules, Who("unix:bob"), text, At(1), NoGroups));
    EXPECT_FALSE(Cancel(request, Who("unix:alice"), false, text, At(1)));
    EXPECT_FALSE(AddComment(request, rules, Who("unix:bob"), false, text, At(1)));
    EXPECT_FALSE(Revoke(MakeGrant("grt_1"), P("unix:bob"), text, At(1)));
    EXPECT_FALSE(Release(MakeGrant("grt_1"), Who("unix:alice"), text, At(1)));
  }
}

TEST(Text, IsMadeHarmless) {
  for (const std::string& hostile : kHostile) {
    const std::string shown = Harmless("a" + hostile + "b", '?', true);
    EXPECT_TRUE(CheckText(shown, 100, "it")) << shown;
    EXPECT_EQ(shown.substr(0, 2), "a?");
  }
  EXPECT_EQ(Harmless("a\n\tb", '?', true), "a\n\tb");
  EXPECT_EQ(Harmless("a\n\tb", '?', false), "a??b");
  EXPECT_EQ(Harmless("\xc3\xa9", '?', false), "\xc3\xa9");
}

}  // namespace
}  // namespace grant
