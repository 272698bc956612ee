// What docs/clients.md promises its recipes: a folder, a token behind grantd, and an environment.
#pragma once

#include <map>
#include <string>

#include "tests/clients/recipe.h"
#include "tests/e2e/world.h"

namespace grant::test {

// Where the recipes find their programs, colon-separated.
std::string ClientPath();
// Where tools/install-clients puts what comes from the registries of languages.
std::string ClientFolder();

class ClientWorld {
 public:
  // A token `prod` with release-key and ec-key, the keys of the signers release and ec, behind a
  // running grantd. And with ed-key of the signer ed where the recipe uses it, but only there:
  // libp11, and so OpenSSL's engine, finds no private key at all on a token that holds one of that
  // kind.
  explicit ClientWorld(const Recipe& recipe);

  // Runs a block of a recipe with bash, in the recipe's folder. Ends what it leaves running.
  Outcome RunBlock(const std::string& commands);

  // Grants with exactly these numbers of signatures, by signer; returns their IDs, by signer.
  std::map<std::string, std::string> Grant(const std::map<std::string, int>& uses);
  // A grant for so many signatures of that file alone; returns its ID.
  std::string GrantForFile(const std::string& signer, int uses, const std::string& file);
  // A file in the recipe's folder; returns its path.
  std::string Write(const std::string& name, const std::string& content) {
    return folder_.Write(name, content, 0644);
  }
  int Used(const std::string& grant) { return world_.Used(grant); }
  // All uses that were ever spent, under whichever grant.
  int Spent() { return world_.Audited("signature.spent"); }

 private:
  void WritePublicKey(const std::string& id, const std::string& file);
  void ApplyRules(bool with_ed_key);
  Environment RecipeEnvironment() const;

  uid_t uid_;  // who runs the recipe; 0 for the test's own user
  World world_;
  TempDir folder_;
  int port_;
};

}  // namespace grant::test
