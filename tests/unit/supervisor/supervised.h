// A Token over the fake module, in worker processes of the real program.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grantd/supervisor/worker_token.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/supervisor/fake_hsm.h"

namespace grant::test {

// Waits until it holds, and fails the test if it does not within a minute.
void WaitUntil(const std::function<bool()>& holds);

// The processes that run the worker program under this one.
std::vector<pid_t> WorkerPids();

class Supervised : public ::testing::Test {
 protected:
  Supervised();
  ~Supervised() override;

  Result<std::unique_ptr<SealableToken>> TryOpen() { return OpenWorkerToken(settings_, options_); }
  std::unique_ptr<Token> Open();
  // The same, once so many workers are logged in.
  std::unique_ptr<Token> OpenWith(uint32_t workers);

  static uint64_t KeyId(Token& token, const std::string& label = "key");
  static tl::expected<Bytes, TokenFailure> SignWith(Token& token, uint64_t key);
  // Which process made it.
  static pid_t SignerOf(const tl::expected<Bytes, TokenFailure>& signature);

  TempDir dir_;
  TokenSettings settings_;
  WorkerOptions options_;
  FakeHsmControl* hsm_ = nullptr;
};

}  // namespace grant::test
