// Signs through grant-pkcs11.so as fast as it may, and records what it gets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/crew.h"
#include "tests/torture/records.h"

namespace grant::test {

struct SigningKey {
  std::string label;
  std::string mechanism;  // "ECDSA", "EDDSA" or "SHA256-RSA-PKCS"
};

struct SignerOptions {
  std::string gate;  // the address, "unix:..."
  std::vector<SigningKey> keys;
  int threads = 2;
  uint64_t seed = 0;
};

// For a Worker: each shift signs on all threads until grantd is gone. Every content is new; every
// signature is verified with the public key, then recorded, and so is what the token refused. Some
// attempts ask it for what no token can do.
Worker::Prepare SignerWork(const SignerOptions& options, const Records& records);

}  // namespace grant::test
