#include "tests/faults/faulty_world.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace grant::test {

using testing::HasSubstr;

FaultyWorld::FaultyWorld() {
  const std::string path =
      world_.directory().Write("faults", std::string(sizeof(FaultControl), '\0'));
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  void* mapped = mmap(nullptr, sizeof(FaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  control_ = static_cast<FaultControl*>(mapped);
  if (!std::string(SANITIZED).empty()) return;
  world_.ConfigureEnvironment("LD_PRELOAD", FAULT_SHIM);
  world_.ConfigureEnvironment(kFaultsVariable, path);
}

FaultyWorld::~FaultyWorld() {
  munmap(control_, sizeof(FaultControl));
}

void FaultyWorld::StartWithRules() {
  world_.Start();
  world_.ApplyRules({PrincipalOf(geteuid())});
  host_ = world_.NewHost();
  ASSERT_EQ(host_->Do("find release-key"), "CKR_OK");
}

std::string FaultyWorld::Sign() {
  const std::string answer = host_->Do(kSign);
  if (!answer.starts_with("CKR_OK ")) return answer;
  ++delivered_;
  return "CKR_OK";
}

void FaultyWorld::SignAgain() {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (Sign() != "CKR_OK") {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << host_->Errors();
  }
}

void FaultyWorld::ExpectRefused(const std::string& reason) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Sign(), "CKR_DEVICE_ERROR C_Sign");
  EXPECT_THAT(host_->Errors(), HasSubstr(reason));
  EXPECT_THAT(host_->Errors(), HasSubstr("hint: "));
}

void FaultyWorld::ExpectCountedExactly(const std::string& grant_id) {
  EXPECT_EQ(world_.Used(grant_id), delivered_);
  EXPECT_EQ(world_.Audited("signature.spent"), delivered_);
  EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("fault"), nullptr);
}

}  // namespace grant::test
