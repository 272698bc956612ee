#include "tests/unit/supervisor/supervised.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <thread>

namespace grant::test {

void WaitUntil(const std::function<bool()>& holds) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never came to hold";
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<pid_t> WorkerPids() {
  std::vector<pid_t> pids;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      std::ifstream name("/proc/" + std::to_string(pid) + "/cmdline");
      std::string command;
      std::getline(name, command, '\0');
      if (command == "grantd-hsm-worker") pids.push_back(pid);
    }
  }
  return pids;
}

Supervised::Supervised() {
  const std::string path = dir_.Write("control", std::string(sizeof(FakeHsmControl), '\0'));
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  void* const memory =
      mmap(nullptr, sizeof(FakeHsmControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) throw std::runtime_error("mmap");
  hsm_ = new (memory) FakeHsmControl;
  setenv(kFakeHsmControl, path.c_str(), 1);
  settings_.name = "prod";
  settings_.module = FAKE_HSM_MODULE;
  settings_.uri = "pkcs11:token=fake";
  settings_.pin_file = dir_.Write("pin", "1234\n");
  options_.executable = WORKER_PROGRAM;
  options_.restarts = {std::chrono::milliseconds(1), std::chrono::milliseconds(20)};
}

Supervised::~Supervised() {
  munmap(hsm_, sizeof(FakeHsmControl));
}

std::unique_ptr<Token> Supervised::Open() {
  auto token = TryOpen();
  if (!token) throw std::runtime_error(token.error().message);
  return *std::move(token);
}

std::unique_ptr<Token> Supervised::OpenWith(uint32_t workers) {
  settings_.workers = workers;
  auto token = Open();
  WaitUntil([&] { return hsm_->logins == workers; });
  return token;
}

uint64_t Supervised::KeyId(Token& token, const std::string& label) {
  const auto objects = token.Objects();
  if (!objects) throw std::runtime_error(objects.error().message);
  for (const TokenObject& object : (*objects)->objects) {
    const auto* const name = object.Find(CKA_LABEL);
    if (object.object_class == CKO_PRIVATE_KEY && name && AsText(name->value) == label) {
      return object.id;
    }
  }
  return 0;
}

tl::expected<Bytes, TokenFailure> Supervised::SignWith(Token& token, uint64_t key) {
  return token.Sign(key, {CKM_ECDSA, {}}, Bytes(32));
}

pid_t Supervised::SignerOf(const tl::expected<Bytes, TokenFailure>& signature) {
  pid_t pid = 0;
  if (signature && signature->size() == 64) std::memcpy(&pid, signature->data(), sizeof pid);
  return pid;
}

}  // namespace grant::test
