// A grant for a file covers that file with whatever tool, and no other file with any.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/clients/client_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

struct Tool {
  const char* program;
  const char* sign;  // $FILE with ec-key; leaves the signature in `sig`
};

constexpr std::array kTools = {Tool{"openssl", R"sh(
PKCS11_MODULE_PATH=$MODULE openssl dgst -sha256 -engine pkcs11 -keyform engine \
  -sign "pkcs11:token=prod;object=ec-key" -out sig $FILE
)sh"},
                               Tool{"pkcs11-tool", R"sh(
openssl dgst -sha256 -binary -out digest $FILE
pkcs11-tool --module $MODULE --token-label prod --sign --mechanism ECDSA --signature-format openssl \
  --id 02 --input-file digest --output-file sig
)sh"},
                               Tool{"cosign", R"sh(
export COSIGN_PKCS11_IGNORE_CERTIFICATE=1
cosign signing-config create --out signing-config.json
cosign trusted-root create --out trusted-root.json
cosign sign-blob --key "pkcs11:token=prod;object=ec-key?module-path=$MODULE" --yes \
  --signing-config signing-config.json --trusted-root trusted-root.json --bundle bundle.json $FILE
sed 's/.*"signature": *"\([^"]*\)".*/\1/' bundle.json | base64 -d >sig
)sh"}};

Recipe NeedOf(const char* program) {
  Recipe need;
  need.needs = {program};
  return need;
}

TEST(OneFile, IsCoveredByItsGrantWhateverTheToolAndNothingElseIs) {
  ClientWorld world{Recipe()};
  const std::string file = world.Write("notes.txt", "Release 2.4.0\n");
  const std::string other = world.Write("other.txt", "something else\n");
  const std::string grant = world.GrantForFile("ec", kTools.size(), file);
  int used = 0;
  for (const Tool& tool : kTools) {
    SCOPED_TRACE(tool.program);
    if (!MissingNeed(NeedOf(tool.program), ClientPath(), ClientFolder()).empty()) {
      RecordProperty("missing", tool.program);
      continue;
    }
    const Outcome refused = world.RunBlock("FILE=" + other + tool.sign);
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.output, HasSubstr("does not cover this content"));
    EXPECT_EQ(world.Used(grant), used);

    const Outcome signing = world.RunBlock("FILE=" + file + tool.sign);
    EXPECT_EQ(signing.exit_code, 0) << signing.output;
    EXPECT_EQ(world.Used(grant), ++used);
    const Outcome verified =
        world.RunBlock("openssl dgst -sha256 -verify ec.pub -signature sig " + file);
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
  }
  EXPECT_GE(used, 2) << "of openssl and pkcs11-tool, which are always there";
}

}  // namespace
}  // namespace grant::test
