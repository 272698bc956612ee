#include "tools/grantctl/file_digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/grantctl/fake_grantd.h"

namespace grant::ctl {
namespace {

// The values of FIPS 180-4's examples.
TEST(Sha256OfFile, ComputesKnownDigests) {
  const TemporaryDirectory directory;
  EXPECT_EQ(*Sha256OfFile(directory.Write("empty", "")),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(*Sha256OfFile(directory.Write("abc", "abc")),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(*Sha256OfFile(directory.Write("million", std::string(1'000'000, 'a'))),
            "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256OfFile, NamesTheFileItCannotRead) {
  const TemporaryDirectory directory;
  for (const std::string& path : {directory.Path("missing"), directory.Path("")}) {
    const auto digest = Sha256OfFile(path);
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().exit, Exit::kFailed);
    EXPECT_THAT(digest.error().message, ::testing::HasSubstr(path));
  }
}

}  // namespace
}  // namespace grant::ctl
