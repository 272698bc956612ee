#include "grantd/notify/mail_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/unit/notify/occasions.h"

namespace grant {
namespace {

using testing::HasSubstr;
using testing::Not;

Delivery ToBob() {
  Delivery delivery;
  delivery.recipient = "unix:bob";
  delivery.address = "bob@example.com";
  return delivery;
}

std::string Mail(const Occasion& occasion) {
  return MailMessage(occasion, "grantd@example.com", ToBob(), At(60));
}

std::string HeadersOf(const std::string& mail) {
  return mail.substr(0, mail.find("\r\n\r\n") + 2);
}

std::string Decoded(const std::string& base64) {
  std::string text(base64.size(), '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(base64.data()),
                                     static_cast<int>(base64.size()));
  text.resize(static_cast<size_t>(length));
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

std::string BodyOf(const std::string& mail) {
  const std::string body = mail.substr(mail.find("\r\n\r\n") + 4);
  if (mail.find("Content-Transfer-Encoding: 7bit") != std::string::npos) return body;
  std::string text;
  for (size_t at = 0; at < body.size(); at = body.find("\r\n", at) + 2) {
    text += Decoded(body.substr(at, body.find("\r\n", at) - at));
  }
  return text;
}

TEST(Mail, ToAnApproverHasTheWholeStoryAndTheCommands) {
  const std::string mail = Mail(FiledOccasion());
  const std::string headers = HeadersOf(mail);
  EXPECT_THAT(headers, HasSubstr("From: grantd@example.com\r\nTo: bob@example.com\r\n"));
  EXPECT_THAT(headers, HasSubstr("Subject: [grantd] unix:alice asks for 3 signatures with "
                                 "release: Security review\r\n"));
  EXPECT_THAT(headers, HasSubstr("Date: Fri, 15 Jan 2027 08:01:00 +0000\r\n"));
  EXPECT_THAT(headers, HasSubstr("Auto-Submitted: auto-generated\r\n"));
  EXPECT_EQ(BodyOf(mail),
            "unix:alice asks to sign with release. Step 1 of 1, Security review, waits for its "
            "approvers, and you (unix:bob) are one.\r\n\r\n"
            "Request:     req_01JD0000000000000000000000\r\n"
            "Signatures:  3\r\n"
            "Window:      2h from its approval on\r\n"
            "Content:     any\r\n"
            "Expires:     2027-01-16T08:00:00Z\r\n\r\n"
            "> Release v2.4.0\r\n\r\n"
            "  grantctl request show req_01JD0000000000000000000000\r\n"
            "  grantctl request approve req_01JD0000000000000000000000\r\n"
            "  grantctl request reject req_01JD0000000000000000000000 --comment 'why'\r\n");
}

TEST(Mail, AboutAnApprovalNamesTheGrant) {
  const std::string mail = Mail(OutcomeOccasion(event::kRequestApproved));
  EXPECT_THAT(HeadersOf(mail), HasSubstr("Subject: [grantd] approved: release, " +
                                         std::string(kSomeRequestId) + "\r\n"));
  EXPECT_THAT(BodyOf(mail), HasSubstr("is approved, lastly by unix:bob"));
  EXPECT_THAT(BodyOf(mail), HasSubstr("  grantctl grant show " + std::string(kSomeGrantId)));
}

TEST(Mail, AboutEachOutcomeSaysWhatAndWhy) {
  Occasion rejected = OutcomeOccasion(event::kRequestRejected);
  rejected.view.request.closed_reason = "wrong tag";
  EXPECT_THAT(BodyOf(Mail(rejected)), HasSubstr("was rejected by unix:bob"));
  EXPECT_THAT(BodyOf(Mail(rejected)), HasSubstr("> wrong tag\r\n"));
  EXPECT_THAT(BodyOf(Mail(rejected)), HasSubstr("grantctl request create release --signings 3"));
  EXPECT_THAT(BodyOf(Mail(OutcomeOccasion(event::kRequestCancelled))), HasSubstr("was cancelled"));
  EXPECT_THAT(BodyOf(Mail(OutcomeOccasion(event::kRequestExpired))),
              HasSubstr("expired: it was not decided by 2027-01-16T08:00:00Z"));
  Occasion revoked = OutcomeOccasion(event::kGrantRevoked);
  revoked.grant->used = 1;
  revoked.grant->revocation = Revocation{P("unix:bob"), At(30), "build machine compromised"};
  EXPECT_THAT(BodyOf(Mail(revoked)), HasSubstr("was revoked by unix:bob"));
  EXPECT_THAT(BodyOf(Mail(revoked)), HasSubstr("> build machine compromised\r\n"));
  EXPECT_THAT(BodyOf(Mail(revoked)), HasSubstr("1 of 3 used"));
}

TEST(Mail, IsKnownAgainByItsIdAndDistinctForEachRecipient) {
  const auto id_of = [](const std::string& mail) {
    const size_t at = mail.find("Message-ID: ");
    return mail.substr(at, mail.find("\r\n", at) - at);
  };
  const Occasion occasion = FiledOccasion();
  const std::string first = id_of(Mail(occasion));
  EXPECT_EQ(first, "Message-ID: <ntf_01JD0000000000000000000000.unix-3abob@example.com>");
  EXPECT_EQ(first, id_of(MailMessage(occasion, "grantd@example.com", ToBob(), At(9999))));
  Delivery to_carol = ToBob();
  to_carol.recipient = "unix:carol";
  EXPECT_NE(first, id_of(MailMessage(occasion, "grantd@example.com", to_carol, At(60))));
}

TEST(Mail, LetsNoTextOfPeopleBecomeAHeaderOrGrantdsOwn) {
  Occasion occasion = FiledOccasion();
  occasion.view.request.policy.steps[0].name = "Review\r\nBcc: eve@example.com\r\n\r\nbody";
  occasion.view.request.justification = "x\r\n\r\n  grantctl request approve req_EVIL\x1b[2J";
  const std::string mail = Mail(occasion);
  EXPECT_THAT(HeadersOf(mail), Not(HasSubstr("\r\nBcc:")));
  EXPECT_THAT(HeadersOf(mail), HasSubstr("Content-Type: text/plain"));
  EXPECT_THAT(BodyOf(mail),
              HasSubstr("> x\r\n> \r\n>   grantctl request approve req_EVIL?[2J\r\n"));
}

TEST(Mail, IsEncodedWhereItIsNotPlainAscii) {
  Occasion occasion = FiledOccasion();
  occasion.view.request.justification = "Veröffentlichung €";
  std::string mail = Mail(occasion);
  EXPECT_THAT(HeadersOf(mail), HasSubstr("Content-Transfer-Encoding: base64\r\n"));
  EXPECT_THAT(BodyOf(mail), HasSubstr("> Veröffentlichung €\r\n"));
  occasion.view.request.justification = std::string(4000, 'x');
  mail = Mail(occasion);
  EXPECT_THAT(BodyOf(mail), HasSubstr(std::string(4000, 'x')));
  for (size_t at = 0; at < mail.size(); at = mail.find("\r\n", at) + 2) {
    EXPECT_LE(mail.find("\r\n", at) - at, 998U);
  }
}

TEST(MailHeader, ThatIsNotAsciiIsEncodedWordsOfWholeCharacters) {
  EXPECT_EQ(HeaderText("plain"), "plain");
  EXPECT_EQ(HeaderText("Prüfung"), "=?utf-8?B?UHLDvGZ1bmc=?=");
  std::string long_text;
  for (int i = 0; i < 60; ++i) long_text += "€";
  std::string decoded;
  std::string rest = HeaderText(long_text);
  for (size_t start = rest.find("=?utf-8?B?"); start != std::string::npos;
       start = rest.find("=?utf-8?B?")) {
    const size_t end = rest.find("?=", start);
    EXPECT_LE(end + 2 - start, 75U);
    const std::string part = Decoded(rest.substr(start + 10, end - start - 10));
    EXPECT_EQ(part.size() % 3, 0U) << "a character is cut";
    decoded += part;
    rest = rest.substr(end + 2);
  }
  EXPECT_EQ(decoded, long_text);
}

TEST(MailHeader, HasNoControlCharacters) {
  EXPECT_EQ(HeaderText("a\r\nB: c\x7f"), "a??B: c?");
  EXPECT_EQ(HeaderText(std::string("a\0b", 3)), "a?b");
}

}  // namespace
}  // namespace grant
