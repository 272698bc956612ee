#include "grantd/config/certificate_file.h"

#include <gtest/gtest.h>

#include "tests/unit/config/pem.h"

namespace grant {
namespace {

using test::kCertificate;

std::string ErrorFor(const std::string& pem) {
  const auto read = ReadCertificates(pem);
  return read ? "no error" : read.error().message;
}

TEST(CertificateFile, KeepsTheCertificatesAndNothingElse) {
  const std::string one = kCertificate;
  const auto read = ReadCertificates("subject=CN = test\n\n" + one + "some text\n" + one);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, one + one);
}

TEST(CertificateFile, WithoutACertificateIsRefused) {
  for (const char* const nothing : {"", "hello", "\x30\x82\x01"}) {
    EXPECT_EQ(ErrorFor(nothing), "holds no certificate in PEM");
  }
}

TEST(CertificateFile, ADamagedCertificateIsRefused) {
  std::string damaged = kCertificate;
  damaged[100] = damaged[100] == 'A' ? 'B' : 'A';
  damaged[101] = '!';
  EXPECT_EQ(ErrorFor(kCertificate + damaged), "holds a damaged certificate");
  const std::string cut = std::string(kCertificate).substr(0, 300);
  EXPECT_EQ(ErrorFor(cut), "holds a damaged certificate");
}

TEST(CertificateFile, APrivateKeyIsRefused) {
  for (const char* const kind : {"PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}) {
    const std::string key =
        std::string("-----BEGIN ") + kind + "-----\nAAAA\n-----END " + kind + "-----\n";
    EXPECT_EQ(ErrorFor(kCertificate + key), "holds a private key");
  }
}

TEST(CertificateFile, IsBounded) {
  std::string chain;
  for (size_t i = 0; i < kCertificatesMax; ++i) chain += kCertificate;
  EXPECT_TRUE(ReadCertificates(chain));
  EXPECT_EQ(ErrorFor(chain + kCertificate), "holds more than 32 certificates");
}

}  // namespace
}  // namespace grant
