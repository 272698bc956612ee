#include "tests/bench/lane.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace grant::bench {
namespace {

constexpr char kOk[] = "CKR_OK";
constexpr std::chrono::seconds kServerStartLimit{20};

std::unique_ptr<test::Host> NewHost(const Module& module, const std::string& directory) {
  std::vector<std::string> command = {BENCH_HOST_PROGRAM, module.path};
  if (!module.pin.empty()) command.push_back(module.pin);
  return std::make_unique<test::Host>(command, module.environment, 0,
                                      directory + "/bench-host.stderr");
}

std::string Command(const char* what, const Key& key) {
  return std::string(what) + " " + key.label + " " + key.mechanism + " " + key.data;
}

std::string FirstExisting(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

}  // namespace

Module PlainModule(Site& site) {
  return {kPlain, test::SoftHsm::Module(), site.pin(), site.token_environment()};
}

Module BrokerModule(Site& site) {
  return {kBroker, GRANT_PKCS11_MODULE, "", site.BrokerEnvironment()};
}

Module WrapModule(Site& site) {
  return {kWrap, GRANT_PKCS11_MODULE, site.pin(), site.WrapEnvironment()};
}

P11KitServer::P11KitServer(Site& site) {
  const std::string client = FirstExisting({"/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so",
                                            "/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so",
                                            "/usr/lib64/pkcs11/p11-kit-client.so"});
  if (client.empty() || FirstExisting({"/usr/bin/p11-kit"}).empty()) return;
  const std::string socket = site.directory() + "/p11-kit.sock";
  const std::string provider = test::SoftHsm::Module();
  const test::Environment environment = site.token_environment();
  process_ = fork();
  if (process_ == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    execl("/usr/bin/p11-kit", "p11-kit", "server", "--foreground", "--name", socket.c_str(),
          "--provider", provider.c_str(), "pkcs11:token=prod", nullptr);
    _exit(127);
  }
  const auto limit = std::chrono::steady_clock::now() + kServerStartLimit;
  while (!std::filesystem::exists(socket)) {
    if (waitpid(process_, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > limit) {
      throw std::runtime_error("p11-kit server does not start");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  module_ =
      Module{kP11Kit, client, site.pin(), {{"P11_KIT_SERVER_ADDRESS", "unix:path=" + socket}}};
}

P11KitServer::~P11KitServer() {
  if (process_ <= 0) return;
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
}

Lane::Lane(Module module, const std::string& directory)
    : module_(std::move(module)), host_(NewHost(module_, directory)) {}

std::optional<Slice> Lane::Run(const Key& key, int threads, int ms) {
  const std::string answer =
      host_->Do(Command("slice", key) + " " + std::to_string(threads) + " " + std::to_string(ms));
  std::istringstream words(answer);
  std::string rv;
  double elapsed_ns = 0;
  double first_ns = 0;
  words >> rv >> elapsed_ns >> first_ns;
  if (rv == "CKR_MECHANISM_INVALID") return std::nullopt;
  if (rv != kOk) throw std::runtime_error(module_.name + ": " + answer + "\n" + host_->Errors());
  Slice slice;
  slice.seconds = elapsed_ns / 1e9;
  slice.first = threads;
  slice.first_us = first_ns / 1e3;
  for (double taken_ns = 0; words >> taken_ns;) slice.taken_us.push_back(taken_ns / 1e3);
  signatures_ += threads + static_cast<int>(slice.taken_us.size());
  return slice;
}

StartUpTimes StartUp(const Module& module, const Key& key, const std::string& directory) {
  const auto host = NewHost(module, directory);
  const std::string answer = host->Do(Command("startup", key));
  std::istringstream words(answer);
  std::string rv;
  StartUpTimes times;
  words >> rv >> times.load_us >> times.first_signature_us;
  if (rv != kOk) throw std::runtime_error(module.name + ": " + answer + "\n" + host->Errors());
  times.load_us /= 1e3;
  times.first_signature_us /= 1e3;
  return times;
}

}  // namespace grant::bench
