#include "grantd/api/entity_tag.h"

#include <gtest/gtest.h>

namespace grant::api {
namespace {

Status Check(const std::string& field, std::string_view tag) {
  return IfMatch::Parse(field).value().Check(tag, "request req_1", "look");
}

TEST(EntityTag, IsStrongQuotedAndOfTheContent) {
  EXPECT_EQ(EntityTag("{}"), "\"44136fa355b3678a1146ad16f7e8649e\"");
  EXPECT_NE(EntityTag("{}"), EntityTag("{ }"));
}

TEST(IfMatch, WithoutAFieldAnythingMatches) {
  const IfMatch none = IfMatch::Parse(std::nullopt).value();
  EXPECT_FALSE(none.given());
  EXPECT_TRUE(none.Check("\"a\"", "x", "y"));
}

TEST(IfMatch, OneOfTheTagsIsEnough) {
  EXPECT_TRUE(IfMatch::Parse("\"a\"").value().given());
  EXPECT_TRUE(Check("\"a\"", "\"a\""));
  EXPECT_TRUE(Check("\"b\" ,\t\"a\"", "\"a\""));
  EXPECT_TRUE(Check("\"a,b\", \"c\"", "\"a,b\""));
  EXPECT_TRUE(Check("*", "\"a\""));
}

TEST(IfMatch, AWeakTagNeverMatches) {
  EXPECT_FALSE(Check("W/\"a\"", "\"a\""));
  EXPECT_TRUE(Check("W/\"a\", \"a\"", "\"a\""));
}

TEST(IfMatch, AnotherTagIsStaleAndSaysWhatChanged) {
  const Status stale = Check("\"b\", \"c\"", "\"a\"");
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Code::kStale);
  EXPECT_EQ(stale.error().message, "request req_1 changed meanwhile");
  EXPECT_EQ(stale.error().hint, "look");
}

TEST(IfMatch, WhatIsNoListOfTagsIsRefused) {
  for (const char* field : {"", " ", "a", "\"a", "a\"", "\"a\" \"b\"", "\"a\",", ",\"a\"",
                            "*, \"a\"", "\"a\", *", "w/\"a\"", "W/", "W/a"}) {
    const auto parsed = IfMatch::Parse(field);
    ASSERT_FALSE(parsed) << field;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace grant::api
