#include "tests/e2e/world.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "grant/gate/connection.h"

namespace grant::test {
namespace {

constexpr std::chrono::seconds kStartLimit{60};

void Check(bool ok, const std::string& what) {
  if (!ok) throw std::runtime_error(what);
}

bool Serves(const std::string& path) {
  return gate::Connection::Open("unix:" + path,
                                std::chrono::steady_clock::now() + std::chrono::seconds(1))
      .has_value();
}

}  // namespace

bool IsRoot() {
  return geteuid() == 0;
}

std::string PrincipalOf(uid_t uid) {
  const passwd* entry = getpwuid(uid);
  return entry != nullptr ? std::string("unix:") + entry->pw_name : "unix:#" + std::to_string(uid);
}

World::World(std::vector<KeyToMake> keys, uid_t daemon_uid)
    : daemon_uid_(daemon_uid), program_(GRANTD_PROGRAM), module_(SoftHsm::Module()) {
  softhsm_.AddToken("prod", kPin);
  for (const KeyToMake& key : keys) softhsm_.GenerateKey("prod", kPin, key);
  for (const char* name : {"state", "run"}) mkdir((directory_ / name).c_str(), 0700);
  directory_.Write("pin", kPin);
  pin_line_ = "pin_file = \"" + (directory_ / "pin") + "\"";
  chmod(directory_.path().c_str(), 0711);
  chmod((directory_ / "run").c_str(), 0755);
}

World::~World() {
  if (daemon_ > 0) Kill();
}

void World::WriteConfig() {
  directory_.Write("grantd.toml",
                   "state_dir = \"" + (directory_ / "state") + "\"\n" + "admins = [\"" +
                       PrincipalOf(geteuid()) + "\"]\n" + site_lines_ +
                       "[listen]\napi = \"unix:" + api_path() + "\"\ngate = \"unix:" + gate_path() +
                       "\"\n[[token]]\nname = \"prod\"\nmodule = \"" + module_ +
                       "\"\nuri = \"pkcs11:token=prod\"\n" + pin_line_ + "\n" + token_lines_);
  if (daemon_uid_ == 0) return;
  const std::string owner = std::to_string(daemon_uid_);
  for (const std::string& path :
       {softhsm_.directory().path(), directory_ / "state", directory_ / "run", directory_ / "pin",
        directory_ / "grantd.toml"}) {
    Check(Run({"chown", "-R", owner + ":" + owner, path}).exit_code == 0, "chown " + path);
  }
}

void World::Start(const Environment& more) {
  Check(StartUnlessKilled(more), "grantd was killed: " + Log());
}

bool World::StartUnlessKilled(const Environment& more) {
  WriteConfig();
  Spawn(more);
  const auto limit = std::chrono::steady_clock::now() + kStartLimit;
  while (!Serves(gate_path()) || !Serves(api_path())) {
    if (WasKilled()) return false;
    Check(std::chrono::steady_clock::now() < limit, "grantd does not serve: " + Log());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

void World::Spawn(const Environment& more) {
  const std::string config = directory_ / "grantd.toml";
  const std::string log = directory_ / "grantd.log";
  Environment environment = softhsm_.environment();
  environment.insert(environment_.begin(), environment_.end());
  environment.insert(more.begin(), more.end());
  daemon_ = fork();
  if (daemon_ == 0) {
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    if (daemon_uid_ != 0 &&
        (setgroups(0, nullptr) != 0 || setgid(daemon_uid_) != 0 || setuid(daemon_uid_) != 0)) {
      _exit(126);
    }
    execl(program_.c_str(), program_.c_str(), "--config", config.c_str(), nullptr);
    _exit(127);
  }
}

bool World::WasKilled() {
  int status = 0;
  if (waitpid(daemon_, &status, WNOHANG) == 0) return false;
  daemon_ = -1;
  Check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "grantd ended: " + Log());
  return true;
}

bool World::IsKilledWithin(std::chrono::milliseconds limit) {
  Check(daemon_ > 0, "grantd does not run");
  const int process = static_cast<int>(syscall(SYS_pidfd_open, daemon_, 0));
  Check(process >= 0, "no descriptor of grantd");
  pollfd ends{process, POLLIN, 0};
  const bool ended = poll(&ends, 1, static_cast<int>(limit.count())) > 0;
  close(process);
  return ended && WasKilled();
}

int World::Stop() {
  Check(daemon_ > 0, "grantd does not run");
  kill(daemon_, SIGTERM);
  int status = 0;
  waitpid(std::exchange(daemon_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void World::Kill() {
  // To the kernel -1 is every process there is.
  Check(daemon_ > 0, "grantd does not run");
  kill(daemon_, SIGKILL);
  waitpid(std::exchange(daemon_, -1), nullptr, 0);
}

std::string World::Log() const {
  std::ostringstream text;
  text << std::ifstream(directory_ / "grantd.log").rdbuf();
  return text.str();
}

void World::Keep() {
  directory_.Keep();
  softhsm_.Keep();
}

void World::ApplyRulesText(const std::string& toml) {
  const Outcome outcome = Ctl({"apply", "-f", directory_.Write("rules.toml", toml), "--yes"});
  Check(outcome.exit_code == 0, "grantctl apply: " + outcome.output);
}

void World::ApplyRules(const std::vector<std::string>& users) {
  std::string list;
  for (const std::string& user : users) list += (list.empty() ? "\"" : ", \"") + user + "\"";
  ApplyRulesText(
      "[[policy]]\nname = \"release-signing\"\nmax_window = \"8h\"\nmax_signings = 1000\n"
      "[[policy.step]]\nname = \"Security review\"\napprovers = [\"" +
      PrincipalOf(geteuid()) +
      "\"]\n[[signer]]\nname = \"release\"\nkey = "
      "\"pkcs11:token=prod;object=release-key\"\npolicy = \"release-signing\"\nusers = [" +
      list + "]\n");
}

Environment World::client_environment() const {
  return {{"GRANTD_GATE", "unix:" + gate_path()}, {"GRANTD_API", "unix:" + api_path()}};
}

Outcome World::Ctl(std::vector<std::string> arguments, uid_t uid) {
  arguments.insert(arguments.begin(), GRANTCTL_PROGRAM);
  if (uid != 0) {
    const std::string number = std::to_string(uid);
    arguments.insert(arguments.begin(),
                     {"setpriv", "--reuid", number, "--regid", number, "--clear-groups"});
  }
  return Run(arguments, client_environment());
}

nlohmann::json World::CtlJson(std::vector<std::string> arguments, uid_t uid) {
  arguments.insert(arguments.end(), {"-o", "json"});
  const Outcome outcome = Ctl(arguments, uid);
  Check(outcome.exit_code == 0, "grantctl: " + outcome.output);
  return nlohmann::json::parse(outcome.output);
}

std::string World::Grant(int signings, const std::vector<std::string>& window, uid_t uid,
                         const std::string& signer) {
  std::vector<std::string> create = {
      "request",  "create", signer,     "--signings", std::to_string(signings),
      "--reason", "a test", "--no-wait"};
  create.insert(create.end(), window.begin(), window.end());
  const std::string request = CtlJson(create, uid).at("id");
  return CtlJson({"request", "approve", request}).at("grant_id");
}

int World::Used(const std::string& grant_id) {
  return CtlJson({"grant", "show", grant_id}).at("used");
}

int World::Audited(const std::string& event) {
  const nlohmann::json list = CtlJson({"audit", "list", "--all"});
  int count = 0;
  for (const auto& entry : list.at("items")) {
    count += entry.at("event") == event ? 1 : 0;
  }
  return count;
}

std::unique_ptr<Host> World::NewHost(uid_t uid) {
  const std::string errors = directory_ / ("host-" + std::to_string(++hosts_) + ".stderr");
  return std::make_unique<Host>(client_environment(), uid, errors);
}

}  // namespace grant::test
