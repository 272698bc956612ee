// Tokens of a real SoftHSM2 for the tests of ModuleToken. SoftHSM reads its configuration once per
// process, so all tests of a process share one directory, with the tokens
//   prod      the keys "rsa" (id 01), "p256" (02), "ed25519" (03) and "careful" (04, P-256, to be
//             authenticated each time), a certificate "cert" (01), a data object "notes" and a
//             private one "diary"
//   growing   the key "first" (01); tests add to it
//   empty     nothing
// all with the PIN 1234.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "grant/cryptoki/cryptoki.h"
#include "grantd/hsm/module_token.h"
#include "tests/support/softhsm.h"

namespace grant::test {

inline constexpr const char* kPin = "1234";

class ModuleTokenTest : public ::testing::Test {
 protected:
  ModuleTokenTest();

  static SoftHsm& Hsm();
  // SoftHSM's own functions, to disturb the token behind the back of a Token.
  static CK_FUNCTION_LIST* Module();

  TokenSettings Settings(const std::string& token) const;
  static std::unique_ptr<ModuleToken> Open(const TokenSettings& settings);
  std::unique_ptr<ModuleToken> Open(const std::string& token) const {
    return Open(Settings(token));
  }

  // The object, which must be there.
  static TokenObject Find(Token& token, CK_OBJECT_CLASS object_class, const std::string& label);

  TempDir dir_;
  std::string pin_file_;
};

}  // namespace grant::test
