// grantd and a token, and this process as a client in the wrap placement.
#pragma once

#include <memory>
#include <string>

#include "tests/e2e/world.h"
#include "tests/wrap/client.h"

namespace grant::test {

class WrapTest : public testing::Test {
 protected:
  // Keys on the token: "release-key" (RSA), "ec-key" and "ed-key" under a policy, each with a
  // signer "release", "ec" and "ed"; "open-key" (EC) with a signer "open" without one; "other-key"
  // (RSA, for everything) without any.
  WrapTest();
  ~WrapTest() override;

  // Lets `prepare(client, session)` change the token through SoftHSM alone, before Start().
  template <typename Prepare>
  static void OnToken(const Prepare& prepare) {
    Client client(SoftHsm::Module());
    prepare(client, client.OpenSession());
  }
  // Starts grantd, and loads the module.
  void Start();

  // The environment of a client; this process has it, too.
  Environment client_environment() const;
  std::unique_ptr<Host> NewHost();
  void WriteConfig(const std::string& text);
  // What the module and its like write on stderr while `run()` runs.
  template <typename Run>
  static std::string ErrorsOf(const Run& run) {
    testing::internal::CaptureStderr();
    run();
    return testing::internal::GetCapturedStderr();
  }

  World world_;
  std::unique_ptr<Client> client_;
  CK_SESSION_HANDLE session_ = 0;
  int hosts_ = 0;
};

}  // namespace grant::test
