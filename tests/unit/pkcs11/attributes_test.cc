#include "pkcs11/broker/attributes.h"

#include <gtest/gtest.h>

#include "tests/unit/pkcs11/fake_gate.h"

namespace grant::pkcs11 {
namespace {

Object SampleKey() {
  Object key;
  key.object_class = CKO_PRIVATE_KEY;
  key.attributes = {test::Number(CKA_CLASS, CKO_PRIVATE_KEY),
                    test::Text(CKA_LABEL, "label"),
                    test::Text(CKA_ID, ""),
                    {CKA_EXTRACTABLE, true, {}}};
  return key;
}

CK_RV Read(const Object& object, std::vector<CK_ATTRIBUTE>& wanted) {
  Status status = ReadAttributes(object, wanted);
  return status ? CKR_OK : status.error().rv;
}

TEST(ReadAttributes, GivesSizesAndValues) {
  char label[8] = {};
  std::vector<CK_ATTRIBUTE> wanted = {
      {CKA_LABEL, nullptr, 0}, {CKA_LABEL, label, sizeof label}, {CKA_ID, label, 0}};
  EXPECT_EQ(Read(SampleKey(), wanted), CKR_OK);
  EXPECT_EQ(wanted[0].ulValueLen, 5U);
  EXPECT_EQ(wanted[1].ulValueLen, 5U);
  EXPECT_EQ(std::string(label), "label");
  EXPECT_EQ(wanted[2].ulValueLen, 0U);
}

TEST(ReadAttributes, ProcessesEveryEntryWhateverBefallsTheOthers) {
  char small[2] = {};
  char label[8] = {};
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_LABEL, small, sizeof small},
                                      {CKA_MODULUS, nullptr, 0},
                                      {CKA_PRIVATE_EXPONENT, label, sizeof label},
                                      {CKA_LABEL, label, sizeof label}};
  Object key = SampleKey();
  key.attributes.push_back({CKA_PRIVATE_EXPONENT, true, {}});
  EXPECT_EQ(Read(key, wanted), static_cast<CK_RV>(CKR_ATTRIBUTE_SENSITIVE));
  EXPECT_EQ(wanted[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(small[0], 0);
  EXPECT_EQ(wanted[1].ulValueLen, CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(wanted[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
  EXPECT_EQ(std::string(label), "label");
}

TEST(ReadAttributes, NamesAnUnknownTypeBeforeASmallBuffer) {
  char small[2];
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_MODULUS, nullptr, 0}, {CKA_LABEL, small, sizeof small}};
  EXPECT_EQ(Read(SampleKey(), wanted), static_cast<CK_RV>(CKR_ATTRIBUTE_TYPE_INVALID));
  wanted = {{CKA_LABEL, small, sizeof small}};
  EXPECT_EQ(Read(SampleKey(), wanted), static_cast<CK_RV>(CKR_BUFFER_TOO_SMALL));
}

TEST(ReadAttributes, NeverGivesASecretPartEvenIfItWasSent) {
  Object key = SampleKey();
  key.attributes.push_back(test::Text(CKA_PRIVATE_EXPONENT, "leaked"));
  char value[16] = {};
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_PRIVATE_EXPONENT, value, sizeof value}};
  EXPECT_EQ(Read(key, wanted), static_cast<CK_RV>(CKR_ATTRIBUTE_SENSITIVE));
  EXPECT_EQ(value[0], 0);
}

TEST(ReadAttributes, ASecretPartThatTheKeyDoesNotHaveIsUnknown) {
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_VALUE, nullptr, 0}};
  EXPECT_EQ(Read(SampleKey(), wanted), static_cast<CK_RV>(CKR_ATTRIBUTE_TYPE_INVALID));
}

TEST(ReadAttributes, AValueIsSecretOnlyInKeys) {
  Object certificate;
  certificate.object_class = CKO_CERTIFICATE;
  certificate.attributes = {test::Text(CKA_VALUE, "der")};
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_VALUE, nullptr, 0}};
  EXPECT_EQ(Read(certificate, wanted), CKR_OK);
  EXPECT_EQ(wanted[0].ulValueLen, 3U);
}

TEST(Matches, ComparesEachAttributeByItsBytes) {
  const Object key = SampleKey();
  char label[] = "label";
  CK_OBJECT_CLASS other = CKO_PUBLIC_KEY;
  EXPECT_TRUE(Matches(key, {}));
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_LABEL, label, 5}, {CKA_ID, nullptr, 0}};
  EXPECT_TRUE(Matches(key, wanted));
  wanted[0].ulValueLen = 4;
  EXPECT_FALSE(Matches(key, wanted));
  wanted = {{CKA_LABEL, label, 5}, {CKA_CLASS, &other, sizeof other}};
  EXPECT_FALSE(Matches(key, wanted));
  wanted = {{CKA_MODULUS, nullptr, 0}};
  EXPECT_FALSE(Matches(key, wanted));
}

TEST(Matches, ASensitiveAttributeCannotBeGuessed) {
  Object key = SampleKey();
  key.attributes.push_back(test::Text(CKA_PRIME_1, "p"));
  char guess[] = "p";
  std::vector<CK_ATTRIBUTE> wanted = {{CKA_PRIME_1, guess, 1}};
  EXPECT_FALSE(Matches(key, wanted));
  wanted = {{CKA_EXTRACTABLE, nullptr, 0}};
  EXPECT_FALSE(Matches(key, wanted));
}

}  // namespace
}  // namespace grant::pkcs11
