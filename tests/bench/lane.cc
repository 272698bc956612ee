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

// Returns when it listens.
pid_t StartServer(const std::vector<std::string>& command, const test::Environment& environment,
                  const std::string& socket) {
  const pid_t process = fork();
  if (process == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  const auto limit = std::chrono::steady_clock::now() + kServerStartLimit;
  while (!std::filesystem::exists(socket)) {
    if (waitpid(process, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > limit) {
      throw std::runtime_error(command.front() + " does not start");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return process;
}

void StopServer(pid_t process) {
  if (process <= 0) return;
  kill(process, SIGTERM);
  waitpid(process, nullptr, 0);
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
  process_ = StartServer({"/usr/bin/p11-kit", "server", "--foreground", "--name", socket,
                          "--provider", test::SoftHsm::Module(), "pkcs11:token=prod"},
                         site.token_environment(), socket);
  module_ =
      Module{kP11Kit, client, site.pin(), {{"P11_KIT_SERVER_ADDRESS", "unix:path=" + socket}}};
}

P11KitServer::~P11KitServer() {
  StopServer(process_);
}

BareBroker::BareBroker(Site& site) {
  const std::string socket = site.directory() + "/bare.sock";
  process_ = StartServer({BARE_BROKER_PROGRAM, socket, test::SoftHsm::Module(), site.pin(),
                          site.directory() + "/bare.record"},
                         site.token_environment(), socket);
  signing_there_ = {kBareBroker, BARE_MODULE, "", {{"BARE_BROKER", socket}}};
  signing_here_ = {kBareWrap, BARE_MODULE, site.pin(), site.token_environment()};
  signing_here_.environment["BARE_BROKER"] = socket;
  signing_here_.environment["BARE_MODULE"] = test::SoftHsm::Module();
}

BareBroker::~BareBroker() {
  StopServer(process_);
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
