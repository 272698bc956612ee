#include "grantd/hsm/catalog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace grant {
namespace {

ReadObject Key(CK_OBJECT_HANDLE handle, const std::string& label, const Bytes& modulus,
               CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY) {
  const ByteView text = AsBytes(label);
  return {handle,
          object_class,
          {{CKA_LABEL, false, Bytes(text.begin(), text.end())},
           {CKA_ID, false, {1}},
           {CKA_MODULUS, false, modulus}}};
}

uint64_t IdOf(const Catalog& catalog, const std::string& label) {
  for (const TokenObject& object : catalog.objects->objects) {
    if (AsText(object.Find(CKA_LABEL)->value) == label) return object.id;
  }
  ADD_FAILURE() << "no object " << label;
  return 0;
}

TEST(Catalog, AnObjectKeepsItsIdWhateverItsHandleAndPlace) {
  const Catalog before = MakeCatalog({Key(1, "a", {1}), Key(2, "b", {2})});
  const Catalog after = MakeCatalog({Key(9, "c", {3}), Key(8, "b", {2}), Key(7, "a", {1})});
  EXPECT_EQ(IdOf(before, "a"), IdOf(after, "a"));
  EXPECT_EQ(IdOf(before, "b"), IdOf(after, "b"));
  EXPECT_EQ(after.private_keys.at(IdOf(after, "b")).handle, 8U);
}

TEST(Catalog, WhatDiffersInClassLabelIdOrPublicValueHasAnotherId) {
  std::vector<ReadObject> objects = {Key(1, "a", {1}), Key(2, "b", {1}), Key(3, "a", {2}),
                                     Key(4, "a", {1}, CKO_PUBLIC_KEY)};
  objects.push_back(Key(5, "a", {1}));
  objects.back().attributes[1].value = {2};
  const Catalog catalog = MakeCatalog(std::move(objects));
  std::set<uint64_t> ids;
  for (const TokenObject& object : catalog.objects->objects) ids.insert(object.id);
  EXPECT_EQ(ids.size(), 5U);
}

TEST(Catalog, TwinsAreToldApart) {
  const Catalog catalog = MakeCatalog({Key(1, "a", {1}), Key(2, "a", {1})});
  EXPECT_EQ(catalog.private_keys.size(), 2U);
}

TEST(Catalog, TheVersionChangesWithAnyAttributeAndOnlyThen) {
  const Catalog catalog = MakeCatalog({Key(1, "a", {1}), Key(2, "b", {2})});
  EXPECT_NE(catalog.objects->version, 0U);
  EXPECT_EQ(catalog.objects->version,
            MakeCatalog({Key(12, "b", {2}), Key(11, "a", {1})}).objects->version);

  ReadObject changed = Key(1, "a", {1});
  changed.attributes.push_back({CKA_SIGN, false, {1}});
  EXPECT_NE(catalog.objects->version,
            MakeCatalog({std::move(changed), Key(2, "b", {2})}).objects->version);
  EXPECT_NE(catalog.objects->version, MakeCatalog({Key(1, "a", {1})}).objects->version);
  EXPECT_NE(MakeCatalog({}).objects->version, 0U);
}

TEST(Catalog, BytesThatMoveBetweenAttributesMakeAnotherObject) {
  ReadObject left{1, CKO_DATA, {{CKA_LABEL, false, {1, 2}}, {CKA_APPLICATION, false, {3}}}};
  ReadObject right{1, CKO_DATA, {{CKA_LABEL, false, {1}}, {CKA_APPLICATION, false, {2, 3}}}};
  EXPECT_NE(MakeCatalog({left}).objects->objects.at(0).id,
            MakeCatalog({right}).objects->objects.at(0).id);
}

TEST(Catalog, OnlyPrivateKeysSign) {
  ReadObject careful = Key(5, "careful", {2});
  careful.attributes.push_back({CKA_ALWAYS_AUTHENTICATE, false, {CK_TRUE}});
  const Catalog catalog =
      MakeCatalog({Key(1, "a", {1}), Key(2, "public", {1}, CKO_PUBLIC_KEY), std::move(careful)});
  EXPECT_EQ(catalog.private_keys.size(), 2U);
  EXPECT_EQ(catalog.public_keys.size(), 1U);
  EXPECT_EQ(catalog.public_keys.at(IdOf(catalog, "public")).handle, 2U);
  EXPECT_FALSE(catalog.private_keys.at(IdOf(catalog, "a")).always_authenticate);
  EXPECT_TRUE(catalog.private_keys.at(IdOf(catalog, "careful")).always_authenticate);
}

TEST(Catalog, AModulusIsMeasuredWithoutLeadingZeros) {
  const Catalog catalog = MakeCatalog({Key(1, "a", {0, 0, 5, 0, 1}), Key(2, "b", {})});
  EXPECT_EQ(catalog.private_keys.at(IdOf(catalog, "a")).modulus_bytes, 3U);
  EXPECT_EQ(catalog.private_keys.at(IdOf(catalog, "b")).modulus_bytes, 0U);
}

}  // namespace
}  // namespace grant
