// Real SoftHSM2 tokens in a directory of their own. All is done by other processes (softhsm2-util,
// pkcs11-tool), so that a test needs no PKCS#11 module in its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace grant::test {

enum class KeyKind { kRsa2048, kRsa3072, kP256, kEd25519 };

struct KeyToMake {
  KeyKind kind = KeyKind::kRsa2048;
  std::string label;
  std::string id;  // in hex
  bool always_authenticate = false;
  bool for_signing_only = true;  // else it has all uses that pkcs11-tool gives it
};

// Every function throws std::runtime_error, with the program's output, where it fails. Tokens that
// are added after a process has initialised SoftHSM are not seen by that process; keys are.
class SoftHsm {
 public:
  SoftHsm();

  void AddToken(const std::string& label, const std::string& pin);
  void GenerateKey(const std::string& token, const std::string& pin, const KeyToMake& key);
  // Runs pkcs11-tool on the token, logged in, with these further arguments; returns its output.
  std::string Tool(const std::string& token, const std::string& pin,
                   const std::vector<std::string>& arguments);

  // SoftHSM rewrites the token's own file in place at every login, so that a process that is killed
  // in that moment leaves an empty one, and no token. Puts such files back as they were when the
  // tokens were made; returns how many. Not while a process uses the tokens.
  int MendTokens();

  // The module's path, and what a process that is to use these tokens has in its environment.
  static std::string Module();
  Environment environment() const { return {{"SOFTHSM2_CONF", directory_ / "softhsm2.conf"}}; }
  const TempDir& directory() const { return directory_; }
  void Keep() { directory_.Keep(); }

 private:
  std::string RunChecked(const std::vector<std::string>& arguments);

  TempDir directory_;
  std::map<std::string, std::string> token_files_;  // by path, as they were made
};

}  // namespace grant::test
