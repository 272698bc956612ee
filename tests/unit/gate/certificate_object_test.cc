#include "grantd/gate/certificate_object.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "grant/cryptoki/cryptoki.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace grant {
namespace {

const Bytes& Value(const gate::ObjectRecord& object, CK_ATTRIBUTE_TYPE type) {
  const auto found = std::ranges::find(object.attributes, type, &gate::AttributeRecord::type);
  if (found == object.attributes.end()) throw std::runtime_error("no " + std::to_string(type));
  return found->value;
}

CK_ULONG Number(const gate::ObjectRecord& object, CK_ATTRIBUTE_TYPE type) {
  CK_ULONG number = 0;
  if (Value(object, type).size() == sizeof number) {
    std::memcpy(&number, Value(object, type).data(), sizeof number);
  }
  return number;
}

// A leaf and the authority that issued it.
class CertificateObject : public testing::Test {
 protected:
  static void OpenSsl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const test::Outcome outcome = test::Run(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  }

  void SetUp() override {
    const std::string curve = "ec_paramgen_curve:P-256";
    OpenSsl({"req", "-x509", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout",
             dir_ / "ca.key", "-subj", "/O=Example/CN=Example CA", "-days", "9", "-out",
             dir_ / "ca.pem"});
    OpenSsl({"req", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-keyout", dir_ / "leaf.key",
             "-subj", "/CN=Release", "-out", dir_ / "leaf.csr"});
    OpenSsl({"x509", "-req", "-in", dir_ / "leaf.csr", "-CA", dir_ / "ca.pem", "-CAkey",
             dir_ / "ca.key", "-set_serial", "0x1234", "-days", "9", "-out", dir_ / "leaf.pem"});
    const test::Outcome chain = test::Run({"cat", dir_ / "leaf.pem", dir_ / "ca.pem"});
    objects_ = CertificateObjects(chain.output, {1, 2}, "release-key", 100);
    ASSERT_EQ(objects_.size(), 2U);
  }

  test::TempDir dir_;
  std::vector<gate::ObjectRecord> objects_;
};

TEST_F(CertificateObject, OfTheKeyIsFoundNextToIt) {
  const gate::ObjectRecord& leaf = objects_[0];
  EXPECT_EQ(leaf.id, 100U);
  EXPECT_EQ(Number(leaf, CKA_CLASS), CK_ULONG{CKO_CERTIFICATE});
  EXPECT_EQ(Number(leaf, CKA_CERTIFICATE_TYPE), CK_ULONG{CKC_X_509});
  EXPECT_EQ(Value(leaf, CKA_ID), (Bytes{1, 2}));
  EXPECT_EQ(AsText(Value(leaf, CKA_LABEL)), "release-key");
  EXPECT_EQ(Number(leaf, CKA_CERTIFICATE_CATEGORY), CK_ULONG{CK_CERTIFICATE_CATEGORY_TOKEN_USER});
  EXPECT_EQ(Value(leaf, CKA_SERIAL_NUMBER), (Bytes{0x02, 0x02, 0x12, 0x34})) << "in DER";
}

TEST_F(CertificateObject, OfTheAuthorityIsFoundByItsSubject) {
  const gate::ObjectRecord& authority = objects_[1];
  EXPECT_EQ(authority.id, 101U);
  EXPECT_EQ(Value(authority, CKA_SUBJECT), Value(objects_[0], CKA_ISSUER));
  EXPECT_EQ(Value(authority, CKA_SUBJECT), Value(authority, CKA_ISSUER));
  EXPECT_EQ(AsText(Value(authority, CKA_LABEL)), "Example CA");
  EXPECT_EQ(Value(authority, CKA_ID).size(), 20U);
  EXPECT_EQ(Number(authority, CKA_CERTIFICATE_CATEGORY),
            CK_ULONG{CK_CERTIFICATE_CATEGORY_AUTHORITY});
  EXPECT_EQ(Value(authority, CKA_TRUSTED), Bytes{CK_FALSE});
}

TEST_F(CertificateObject, HasTheWholeCertificateAndItsKey) {
  const test::Outcome der = test::Run(
      {"openssl", "x509", "-in", dir_ / "leaf.pem", "-outform", "DER", "-out", dir_ / "leaf.der"});
  ASSERT_EQ(der.exit_code, 0) << der.output;
  EXPECT_EQ(AsText(Value(objects_[0], CKA_VALUE)), test::Run({"cat", dir_ / "leaf.der"}).output);
  EXPECT_EQ(Value(objects_[0], CKA_PUBLIC_KEY_INFO).size(), 91U) << "of a P-256 key";
  EXPECT_EQ(Value(objects_[0], CKA_CHECK_VALUE).size(), 3U);
}

TEST(CertificateObjects, OfOtherTextAreNone) {
  EXPECT_TRUE(CertificateObjects("no certificate", {}, "", 1).empty());
}

}  // namespace
}  // namespace grant
