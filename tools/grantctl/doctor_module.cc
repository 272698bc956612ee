#include "tools/grantctl/doctor_module.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <vector>

#include "grant/cryptoki/backing_module.h"

namespace grant::ctl {
namespace {

constexpr int kLimitMs = 10'000;
// Where p11-kit looks, the administrator's first (pkcs11.conf(5)).
constexpr std::array kFolders = {"/etc/pkcs11/modules", "/usr/share/p11-kit/modules",
                                 "/usr/local/share/p11-kit/modules"};

// What a child says: a word for how far it came, and what it found there.
struct Answer {
  bool good = false;
  std::string text;
};

Answer Load(const std::string& path) {
  const auto module = cryptoki::BackingModule::Load(path);
  if (!module) return {false, module.error().message};
  if (const Status begun = (*module)->Initialize(); !begun) return {false, begun.error().message};
  const CK_FUNCTION_LIST* functions = (*module)->functions();
  CK_INFO info{};
  if (const CK_RV rv = functions->C_GetInfo(&info); rv != CKR_OK) {
    return {false, cryptoki::TokenError("C_GetInfo", rv).message};
  }
  CK_ULONG slots = 0;
  if (const CK_RV rv = functions->C_GetSlotList(CK_TRUE, nullptr, &slots); rv != CKR_OK) {
    return {false, cryptoki::TokenError("C_GetSlotList", rv).message};
  }
  (*module)->Finalize();
  if (slots == 0) return {false, "it loads, but shows no token"};
  return {true, fmt::format("loads, and shows {} token{}", slots, slots == 1 ? "" : "s")};
}

[[noreturn]] void RunChild(const std::string& path, int to) {
  const Answer answer = Load(path);
  const std::string said = (answer.good ? "+" : "-") + answer.text.substr(0, 1024);
  const bool written = write(to, said.data(), said.size()) == static_cast<ssize_t>(said.size());
  _exit(written ? 0 : 1);
}

// What the child said, until it ends or its time is over.
std::string Listen(int from) {
  std::string said;
  std::array<char, 2048> part{};
  pollfd ready{from, POLLIN, 0};
  while (poll(&ready, 1, kLimitMs) > 0) {
    const ssize_t got = read(from, part.data(), part.size());
    if (got <= 0) return said;
    said.append(part.data(), static_cast<size_t>(got));
  }
  return "-it did not answer within ten seconds";
}

Finding Wrong(const std::string& path, const std::string& what) {
  return {
      "module", Health::kWrong, fmt::format("the module {} cannot be used: {}", path, what),
      "GRANTD_GATE or its configuration tells it where grantd is; --module PATH checks another"};
}

}  // namespace

std::optional<std::string> RegisteredModule() {
  for (const char* folder : kFolders) {
    std::ifstream file(std::string(folder) + "/grant-pkcs11.module");
    for (std::string line; std::getline(file, line);) {
      constexpr std::string_view kKey = "module:";
      if (!line.starts_with(kKey)) continue;
      const size_t begin = line.find_first_not_of(' ', kKey.size());
      if (begin != std::string::npos) return line.substr(begin);
    }
  }
  return std::nullopt;
}

Finding CheckModule(const std::string& path) {
  std::array<int, 2> pipes{};
  if (pipe(pipes.data()) != 0) return Wrong(path, "no process can be made for it");
  const pid_t child = fork();
  if (child == 0) RunChild(path, pipes[1]);
  close(pipes[1]);
  const std::string said = child < 0 ? "-no process can be made for it" : Listen(pipes[0]);
  close(pipes[0]);
  if (child > 0) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (said.empty()) return Wrong(path, "the process that loaded it died");
  if (said.front() != '+') return Wrong(path, said.substr(1));
  return {"module", Health::kOk, fmt::format("the module {} {}", path, said.substr(1)), {}};
}

Finding NoModule() {
  return {"module", Health::kWarning, "no module is registered with p11-kit, so none was tried",
          "install the package, or name the module: grantctl doctor --module PATH"};
}

}  // namespace grant::ctl
