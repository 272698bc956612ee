#include "grantd/api/http_wire.h"

#include <gmock/gmock.h>

namespace grant::api {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

TEST(HttpWire, WritesStatusLengthAndBody) {
  HttpResponse response;
  response.body = "{}";
  std::string text = WireText(response, {true, false});
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("Allow:")));
  EXPECT_THAT(text, EndsWith("\r\n\r\n{}"));
}

TEST(HttpWire, AnswersHeadWithTheLengthAlone) {
  HttpResponse response;
  response.body = "{}";
  std::string text = WireText(response, {false, true});
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(HttpWire, NamesTheMethodsThatAreAllowed) {
  HttpResponse response;
  response.status = 405;
  response.allow = "GET, POST";
  EXPECT_THAT(WireText(response, {}), HasSubstr("\r\nAllow: GET, POST\r\n"));
}

TEST(HttpWire, TagsWhatHasATag) {
  HttpResponse response;
  EXPECT_THAT(WireText(response, {}), Not(HasSubstr("ETag:")));
  response.etag = "\"a\"";
  EXPECT_THAT(WireText(response, {}), HasSubstr("\r\nETag: \"a\"\r\n"));
}

TEST(HttpWire, DatesTheAnswer) {
  std::string text = WireText({}, {});
  std::string date = text.substr(text.find("Date: "));
  EXPECT_THAT(date.substr(0, date.find("\r\n")),
              MatchesRegex("Date: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] 2[0-9][0-9][0-9] "
                           "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT"));
}

}  // namespace
}  // namespace grant::api
