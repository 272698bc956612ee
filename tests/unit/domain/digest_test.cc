#include "grantd/domain/digest.h"

#include <gtest/gtest.h>

namespace grant {
namespace {

TEST(Digest, IsLowerCaseHex) {
  const std::string upper(64, 'A');
  EXPECT_EQ(Digest::Parse("sha256:" + upper).value().text(), "sha256:" + std::string(64, 'a'));
}

TEST(Digest, RefusesUnknownAlgorithmsAndWrongLengths) {
  for (const std::string& text :
       {std::string("sha256"), std::string("sha256:"), "sha256:" + std::string(63, 'a'),
        "sha256:" + std::string(64, 'g'), "sha1:" + std::string(40, 'a'),
        "SHA256:" + std::string(64, 'a'), std::string(64, 'a')}) {
    EXPECT_FALSE(Digest::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace grant
