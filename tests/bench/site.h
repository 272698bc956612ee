// What is measured: a token with the keys, grantd with its signers, and a grant for each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/e2e/world.h"

namespace grant::bench {

struct Key {
  const char* name;  // as people write it
  const char* label;
  test::KeyKind kind;
  const char* mechanism;
  const char* data;  // what is signed, in hex
};

const std::vector<Key>& AllKeys();
const Key& P256();

class Site {
 public:
  // The temporary directory's file system (TMPDIR) is part of what is measured.
  explicit Site(std::vector<Key> keys);

  // Of grantd, which is to be stopped or not yet started while somebody else writes there.
  std::string state_dir() const { return world_.directory() / "state"; }
  std::string directory() const { return world_.directory().path(); }
  // Starts grantd, and asks for and approves a grant for each key.
  void Start();

  const std::vector<Key>& keys() const { return keys_; }
  // How many uses of the key's grant are counted.
  int Used(const Key& key) { return world_.Used(grants_.at(key.label)); }
  std::string Metrics();

  std::string pin() const { return test::World::kPin; }
  test::Environment token_environment() { return world_.softhsm().environment(); }
  // What a host of our module has in its environment for either placement.
  test::Environment BrokerEnvironment();
  test::Environment WrapEnvironment();

 private:
  test::Environment WithConfig(const std::string& name, const std::string& text);

  std::vector<Key> keys_;
  test::World world_;
  std::map<std::string, std::string> grants_;  // by the key's label
};

// Whoever runs the benchmark, as grantd knows them.
std::string Self();

}  // namespace grant::bench
