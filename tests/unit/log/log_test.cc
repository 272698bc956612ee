#include "grantd/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace grant::log {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// Line breaks, what journald and systemd read, escapes of a terminal, C1, a direction override, a
// line separator, a byte that is no character, NUL, quotes and backslashes.
const std::string kHostile[] = {"a\nMESSAGE=forged",
                                "a\r\n2026-11-21T20:00:00.000+00:00 info forged",
                                "\n<0>forged",
                                "\x1b[2J\x07",
                                "\xc2\x9b",
                                "\xe2\x80\xae",
                                "\xe2\x80\xa8",
                                "\xff\xfe",
                                std::string("\0x", 2),
                                "\"},\"level\":\"error\"",
                                "\\n"};

Record Of(std::string_view message, const Fields* fields = nullptr) {
  Record record;
  record.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'795'291'200'123));
  record.level = Level::kWarning;
  record.event = "api.request";
  record.message = message;
  record.fields = fields;
  return record;
}

bool ActsOnNothing(std::string_view line) {
  return std::none_of(line.begin(), line.end(),
                      [](char c) {
                        const auto byte = static_cast<unsigned char>(c);
                        return byte < 0x20 || byte == 0x7f;
                      }) &&
         line.find("\xc2\x9b") == std::string_view::npos &&
         line.find("\xe2\x80") == std::string_view::npos &&
         line.find('\xff') == std::string_view::npos;
}

// The lines of a text that ends with a newline.
std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  EXPECT_EQ(begin, text.size());
  return lines;
}

TEST(Log, WhateverIsInATextItIsOneLineInEachForm) {
  for (const std::string& hostile : kHostile) {
    const Fields fields = {{"path", "/v1/" + hostile}, {"caller", hostile}};
    for (const auto& form : {TextLine, JsonLine, PrefixedLine}) {
      const auto lines = LinesOf(form(Of("x " + hostile, &fields)));
      ASSERT_EQ(lines.size(), 1U) << lines[0];
      EXPECT_TRUE(ActsOnNothing(lines[0])) << lines[0];
    }
    const auto lines = LinesOf(JournalDatagram(Of("x " + hostile, &fields)));
    ASSERT_EQ(lines.size(), 6U) << "a variable each";
    EXPECT_THAT(lines[0], testing::StartsWith("MESSAGE=x "));
    EXPECT_THAT(lines[4], testing::StartsWith("GRANTD_PATH=/v1/"));
    EXPECT_THAT(lines[5], testing::StartsWith("GRANTD_CALLER="));
    for (const std::string& line : lines) EXPECT_TRUE(ActsOnNothing(line)) << line;
  }
}

TEST(Log, DifferentTextsStayDifferent) {
  EXPECT_THAT(TextLine(Of("a\nb")), HasSubstr(R"(warning a\nb)"));
  EXPECT_THAT(TextLine(Of("a\\nb")), HasSubstr(R"(warning a\\nb)"));
  EXPECT_THAT(TextLine(Of("\x1b")), HasSubstr(R"(\x1b)"));
  EXPECT_THAT(TextLine(Of("caf\xc3\xa9")), HasSubstr("caf\xc3\xa9"));
}

TEST(Log, JsonHoldsTheTextAsItWasAndTheFieldsByTheirTypes) {
  const Fields fields = {{"path", "/a\nb"}, {"status", int64_t{200}}, {"duration_ms", 1.5}};
  const auto json = nlohmann::ordered_json::parse(JsonLine(Of("one\ntwo \"three\"", &fields)));
  EXPECT_EQ(json.dump(),
            R"({"time":"2026-11-21T20:00:00.123Z","level":"warning","event":"api.request",)"
            R"("message":"one\ntwo \"three\"","path":"/a\nb","status":200,"duration_ms":1.5})");
}

TEST(Log, TextBeginsWithTimeAndLevel) {
  EXPECT_THAT(TextLine(Of("hello")),
              MatchesRegex("2026-11-2[12]T[0-9:]{8}\\.123[+-][0-9:]{5} warning hello\n"));
  EXPECT_EQ(PrefixedLine(Of("hello")), "<4>hello\n");
}

TEST(Log, LongTextsAreCut) {
  const std::string longest(2 * kTextBytesMax, 'x');
  const Fields fields = {{"path", longest}};
  EXPECT_LT(TextLine(Of(longest)).size(), kTextBytesMax + 100);
  EXPECT_LT(JsonLine(Of(longest, &fields)).size(), 2 * kTextBytesMax + 300);
  EXPECT_LT(JournalDatagram(Of(longest, &fields)).size(), 2 * kTextBytesMax + 300);
}

TEST(Log, WhatSpdlogIsGivenGoesTheSameWay) {
  testing::internal::CaptureStderr();
  Configure({Format::kJson, Level::kInfo});
  spdlog::info("token {}: logged in", "a\nb");
  spdlog::debug("left out");
  Event(Level::kError, "alarm.raised", "it leapt", {{"alarm", "clock-wrong"}});
  spdlog::warn("after");
  const auto lines = LinesOf(testing::internal::GetCapturedStderr());
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["message"], "token a\nb: logged in");
  EXPECT_EQ(nlohmann::json::parse(lines[0])["event"], "message");
  EXPECT_EQ(nlohmann::json::parse(lines[1])["alarm"], "clock-wrong");
  EXPECT_EQ(nlohmann::json::parse(lines[2])["event"], "message");
}

}  // namespace
}  // namespace grant::log
