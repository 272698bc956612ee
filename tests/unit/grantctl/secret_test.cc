#include "tools/grantctl/secret.h"

#include <gtest/gtest.h>

#include "tools/grantctl/json.h"

namespace grant::ctl {
namespace {

TEST(TakeSecret, CutsItOutAndLeavesNoCopy) {
  std::string answer = R"({"id":"req_1","secret":"gsec_0123"})";
  EXPECT_EQ(TakeSecret(answer), "gsec_0123");
  EXPECT_EQ(answer.find("0123"), std::string::npos);
  EXPECT_EQ(Json::parse(answer).dump(), R"({"id":"req_1"})");
}

TEST(TakeSecret, LeavesAnAnswerWithoutOneAlone) {
  for (const char* text : {"", "{}", R"({"id":"req_1"})", R"({"secret":"gsec_1","id":"x"})",
                           R"({"justification":"a \",\"secret\":\"b\"}","id":"req_1"})",
                           R"({"a":1,"secret":""})", R"({"a":1,"secret":"with blank"})"}) {
    std::string answer = text;
    EXPECT_EQ(TakeSecret(answer), "");
    EXPECT_EQ(answer, text);
  }
}

}  // namespace
}  // namespace grant::ctl
