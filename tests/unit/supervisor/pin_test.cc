// The PIN: presented once where it is wrong, and nowhere to be read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/supervisor/supervised.h"

namespace grant::test {
namespace {

using testing::HasSubstr;

class WorkerPin : public Supervised {};

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_F(WorkerPin, AWrongPinIsPresentedOnceForAllWorkers) {
  settings_.workers = 4;
  dir_.Write("pin", "4321");
  const auto token = TryOpen();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().message,
            "token 'prod' refused the PIN in " + settings_.pin_file + ": CKR_PIN_INCORRECT");
  EXPECT_THAT(token.error().hint, HasSubstr("restart grantd"));
  EXPECT_EQ(hsm_->logins, 1U);
}

TEST_F(WorkerPin, APinThatBecameWrongIsPresentedOnceWhateverIsRestarted) {
  const auto token = OpenWith(2);
  dir_.Write("pin", "4321");
  for (const pid_t pid : WorkerPids()) kill(pid, SIGKILL);
  WaitUntil([&] { return hsm_->wrong_logins == 1 && WorkerPids().empty(); });
  dir_.Write("pin", "1234");
  EXPECT_FALSE(token->Describe().present);
  const auto failed = SignWith(*token, 1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().rv, CKR_PIN_INCORRECT);
  EXPECT_EQ(hsm_->logins, 3U) << "two good ones, and the wrong one";
}

TEST_F(WorkerPin, AnUnsafePinFileStartsNothing) {
  settings_.pin_file = dir_.Write("open", "1234", 0644);
  const auto token = TryOpen();
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().hint, "chmod 600 " + settings_.pin_file);
  EXPECT_EQ(hsm_->starts, 0U);
}

TEST_F(WorkerPin, AKeyThatIsToBeAuthenticatedEachTimeGetsThePinEachTimeAndNothingAhead) {
  hsm_->always_authenticate = true;
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  for (uint32_t i = 1; i <= 3; ++i) {
    EXPECT_TRUE(SignWith(*token, key));
    EXPECT_EQ(hsm_->logins, 1 + i);
    EXPECT_EQ(hsm_->sign_inits, i);
  }
  unlink(settings_.pin_file.c_str());
  const auto failed = SignWith(*token, key);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().function, "C_Login");
  EXPECT_TRUE(failed.error().answered);
}

TEST_F(WorkerPin, IsInNoArgumentAndNoEnvironmentOfAWorker) {
  const auto token = OpenWith(2);
  ASSERT_TRUE(SignWith(*token, KeyId(*token)));
  const auto pids = WorkerPids();
  ASSERT_EQ(pids.size(), 2U);
  for (const pid_t pid : pids) {
    const std::string process = "/proc/" + std::to_string(pid);
    EXPECT_EQ(Contents(process + "/cmdline"), std::string("grantd-hsm-worker\0", 18));
    if (geteuid() != 0) continue;  // the rest is closed to all but root
    const std::string environment = Contents(process + "/environ");
    EXPECT_THAT(environment, HasSubstr(kFakeHsmControl));
    EXPECT_THAT(environment, Not(HasSubstr("1234")));
  }
}

TEST_F(WorkerPin, AWorkerHoldsNoDescriptorOfGrantds) {
  if (geteuid() != 0) GTEST_SKIP() << "a worker's descriptors are closed to all but root";
  const int leaked = dup(STDERR_FILENO);  // not close-on-exec
  const auto token = OpenWith(1);
  const uint64_t key = KeyId(*token);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(SignWith(*token, key));
  const std::string folder = "/proc/" + std::to_string(WorkerPids().at(0)) + "/fd";
  int sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const int number = std::stoi(entry.path().filename());
    if (number <= STDERR_FILENO) continue;
    EXPECT_THAT(std::filesystem::read_symlink(entry).string(), HasSubstr("socket:")) << number;
    ++sockets;
  }
  EXPECT_EQ(sockets, 2) << "the control socket, and one channel for one caller at a time";
  close(leaked);
}

TEST_F(WorkerPin, AWorkerLeavesNothingForOthersToRead) {
  const auto token = OpenWith(1);
  const std::string process = "/proc/" + std::to_string(WorkerPids().at(0));
  EXPECT_THAT(Contents(process + "/limits"), testing::ContainsRegex("Max core file size +0 +0"));
  if (geteuid() != 0) {
    EXPECT_NE(access((process + "/environ").c_str(), R_OK), 0) << "it is not dumpable";
  }
}

}  // namespace
}  // namespace grant::test
