#include "grantd/api/strict_json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace grant::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Nested(size_t levels) {
  std::string text = "{\"a\":";
  for (size_t i = 1; i < levels; ++i) text += "[";
  text += levels == 1 ? "1" : "";
  for (size_t i = 1; i < levels; ++i) text += "]";
  return text + "}";
}

TEST(StrictJson, TakesAnObject) {
  auto value = ParseObject(R"({"a":[1,-2,3.5,true,null,"ä"],"b":{"a":{}}})");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ((*value)["a"].size(), 6U);
}

TEST(StrictJson, RefusesWhatIsNoObjectOrNoJson) {
  for (const char* text :
       {"", " ", "null", "1", "\"a\"", "[]", "[{}]", "{", "{}{}", "{} x", "{'a':1}", "{\"a\":1,}",
        "{\"a\":01}", "{\"a\":NaN}", "{\"a\":1e999}", "// c\n{}"}) {
    auto value = ParseObject(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Code::kInvalid);
    EXPECT_FALSE(value.error().message.empty());
  }
}

TEST(StrictJson, RefusesKeysGivenTwice) {
  EXPECT_EQ(ParseObject(R"({"a":1,"b":2,"a":3})").error().message, "key 'a' is given twice");
  EXPECT_FALSE(ParseObject(R"({"x":[{"a":1,"\u0061":3}]})"));
  EXPECT_TRUE(ParseObject(R"({"x":[{"a":1},{"a":3}],"a":{"a":1}})"));
}

TEST(StrictJson, BoundsTheDepth) {
  EXPECT_TRUE(ParseObject(Nested(kJsonDepthMax)));
  EXPECT_THAT(ParseObject(Nested(kJsonDepthMax + 1)).error().message, HasSubstr("deeper"));
  EXPECT_THAT(ParseObject(Nested(500'000)).error().message, HasSubstr("deeper"));
}

TEST(StrictJson, RefusesTextThatIsNotUtf8AndNul) {
  EXPECT_FALSE(ParseObject("{\"a\":\"\xff\"}"));
  EXPECT_FALSE(ParseObject("{\"a\":\"\xc0\x80\"}"));
  EXPECT_FALSE(ParseObject("{\"a\":\"\\ud800\"}"));
  EXPECT_THAT(ParseObject(R"({"a":"x\u0000y"})").error().message, HasSubstr("NUL"));
  EXPECT_THAT(ParseObject(R"({"x\u0000y":1})").error().message, HasSubstr("NUL"));
}

ObjectReader Reader(const json& object) {
  return ObjectReader::Open(object, "", {"text", "number", "list", "flag", "inner"}).value();
}

TEST(ObjectReader, NamesTheUnknownKeyAndTheNearestKnown) {
  auto reader = ObjectReader::Open({{"signing", 3}}, "", {"signer", "signings", "window"});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message, "unknown key 'signing'");
  EXPECT_EQ(reader.error().hint, "did you mean 'signings'?");
}

TEST(ObjectReader, NamesThePlaceOfANestedKey) {
  const json object = {{"to", 1}};
  EXPECT_EQ(ObjectReader::Open(object, "window", {"until"}).error().message,
            "unknown key 'to' in 'window'");
  const json empty = json::object();
  auto reader = ObjectReader::Open(empty, "window", {"until"});
  EXPECT_EQ(reader->Text("until").error().message, "missing key 'window.until'");
}

TEST(ObjectReader, DoesNotEchoAnUnboundedKey) {
  auto reader = ObjectReader::Open({{std::string(100'000, 'k'), 1}}, "", {"text"});
  EXPECT_LT(reader.error().message.size(), 200U);
}

TEST(ObjectReader, ReadsEachType) {
  const json object = {
      {"text", "a"}, {"number", 7}, {"list", {"x", "y"}}, {"flag", true}, {"inner", {{"k", 1}}}};
  ObjectReader reader = Reader(object);
  EXPECT_EQ(reader.Text("text").value(), "a");
  EXPECT_EQ(reader.Integer("number", 1, 7).value(), 7);
  EXPECT_THAT(reader.Texts("list").value(), ElementsAre("x", "y"));
  EXPECT_TRUE(reader.Bool("flag").value());
  EXPECT_TRUE(reader.Object("inner").value()->contains("k"));
}

TEST(ObjectReader, NamesAKeyWhoseValueHasTheWrongType) {
  const json object = {
      {"text", 1}, {"number", "7"}, {"list", {"x", 1}}, {"flag", 0}, {"inner", json::array()}};
  ObjectReader reader = Reader(object);
  EXPECT_EQ(reader.Text("text").error().message, "'text' is not a string");
  EXPECT_EQ(reader.Integer("number", 1, 9).error().message,
            "'number' is not a whole number from 1 to 9");
  EXPECT_EQ(reader.Texts("list").error().message, "'list' is not a list of strings");
  EXPECT_EQ(reader.Bool("flag").error().message, "'flag' is not true or false");
  EXPECT_EQ(reader.Object("inner").error().message, "'inner' is not an object");
}

TEST(ObjectReader, TakesOnlyWholeNumbersWithinTheBounds) {
  for (const json& number : {json(0), json(10), json(-5), json(2.0), json(UINT64_MAX),
                             json(INT64_MIN), json(true), json("5")}) {
    const json object = {{"number", number}};
    EXPECT_FALSE(Reader(object).Integer("number", 1, 9)) << number;
  }
  for (int number : {1, 9}) {
    const json object = {{"number", number}};
    EXPECT_EQ(Reader(object).Integer("number", 1, 9).value(), number);
  }
}

TEST(ObjectReader, NullIsAbsent) {
  const json object = {{"text", nullptr}};
  EXPECT_FALSE(Reader(object).Has("text"));
  EXPECT_TRUE(Reader(object).Names("text"));
  EXPECT_EQ(Reader(object).Text("text").error().message, "'text' is null");
  EXPECT_EQ(Reader(object).Bool("flag").error().message, "missing key 'flag'");
}

}  // namespace
}  // namespace grant::api
