// A world whose disk and clock fail when a test wants it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/e2e/world.h"
#include "tests/faults/fault_control.h"

namespace grant::test {

inline const std::string kSign = "sign ECDSA hex:" + std::string(64, 'a');

// A test of grantd with the shim, signer "release" and one host that has found its key. Programs
// built with a sanitizer take no shim: those tests are skipped.
class FaultyWorld : public testing::Test {
 protected:
  FaultyWorld();
  ~FaultyWorld() override;

  void StartWithRules();
  // One attempt to sign; counts what is delivered.
  std::string Sign();
  // Tries until a signature is delivered, at most for a while.
  void SignAgain();
  // Each attempt is refused as one that grantd cannot record.
  void ExpectRefused(const std::string& reason);
  // What was delivered was counted, nothing else was, and the audit is whole.
  void ExpectCountedExactly(const std::string& grant_id);
  std::string State(const std::string& name) const {
    return world_.directory() / ("state/" + name);
  }

  FaultControl& faults() { return *control_; }

  World world_;
  std::unique_ptr<Host> host_;
  int delivered_ = 0;

 private:
  FaultControl* control_ = nullptr;
};

}  // namespace grant::test
