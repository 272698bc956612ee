#include "grantd/domain/email_address.h"

#include <gtest/gtest.h>

#include <string>

namespace grant {
namespace {

TEST(EmailAddress, TakesOrdinaryOnes) {
  for (const std::string& address :
       {std::string("bob@example.com"), std::string("a@b"),
        std::string("bob.o'neil+sign@mail-1.EXAMPLE.org"), std::string(64, 'x') + "@example.com"}) {
    EXPECT_TRUE(CheckEmailAddress(address)) << address;
  }
}

TEST(EmailAddress, RefusesWhatCouldAddAHeaderOrACommand) {
  for (const char* address :
       {"bob@example.com\r\nBcc: eve@example.com", "bob@example.com\n", "bob@example.com>\r\nDATA",
        "bob\t@example.com", "bob @example.com", "bob@example.com,eve@example.com",
        "<bob@example.com>", "Bob <bob@example.com>", "\"bob\"@example.com", "bob@example.com\x7f",
        "b\xc3\xb6"
        "b@example.com",
        "bob@ex ample.com", "bob@example.com SIZE=1"}) {
    const Status status = CheckEmailAddress(address);
    ASSERT_FALSE(status) << address;
    EXPECT_EQ(status.error().code, Code::kInvalid);
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
    EXPECT_EQ(status.error().message.find('\r'), std::string::npos);
  }
  EXPECT_FALSE(CheckEmailAddress(std::string_view("bob@example.com\0", 16)));
}

TEST(EmailAddress, RefusesWhatIsNone) {
  for (const std::string& address :
       {std::string(), std::string("bob"), std::string("@"), std::string("bob@"),
        std::string("@example.com"), std::string("bob@@example.com"), std::string("b@o@b"),
        std::string(".bob@example.com"), std::string("bob.@example.com"),
        std::string("b..ob@example.com"), std::string("bob@-example.com"),
        std::string("bob@example..com"), std::string("bob@[127.0.0.1]"),
        std::string(65, 'x') + "@example.com", "bob@" + std::string(64, 'x'),
        std::string(60, 'x') + "@" + std::string(60, 'a') + "." + std::string(60, 'b') + "." +
            std::string(60, 'c') + "." + std::string(60, 'd')}) {
    EXPECT_FALSE(CheckEmailAddress(address)) << address;
  }
}

}  // namespace
}  // namespace grant
