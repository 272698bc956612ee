// Everything a signature needs, for real: SoftHSM2 tokens, grantd, grantctl, hosts of the module.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/e2e/host.h"
#include "tests/support/child_process.h"
#include "tests/support/softhsm.h"

namespace grant::test {

// Users for tests that run as root. They need no name: the kernel's number is enough.
inline constexpr uid_t kDaemonUid = 54320;
inline constexpr uid_t kAliceUid = 54321;
inline constexpr uid_t kBobUid = 54322;

// "unix:root", or "unix:#54321" for a number.
std::string PrincipalOf(uid_t uid);
bool IsRoot();

class World {
 public:
  static constexpr const char* kPin = "92716455";

  // A token "prod" with these keys. `daemon_uid` 0 runs grantd as the test's own user.
  explicit World(std::vector<KeyToMake> keys = {{KeyKind::kP256, "release-key", "01"}},
                 uid_t daemon_uid = 0);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // More lines for the [[token]] of grantd.toml; before Start().
  void ConfigureToken(const std::string& lines) { token_lines_ += lines; }

  // Where grantd has the token's PIN from, in place of the file; before Start(), too.
  void ConfigurePin(const std::string& line) { pin_line_ = line; }

  // More tables for grantd.toml; before Start(), too.
  void ConfigureDaemon(const std::string& tables) { token_lines_ += tables; }

  // More lines for the top of grantd.toml; before Start(), too.
  void ConfigureSite(const std::string& lines) { site_lines_ += lines; }

  // Runs this program as grantd; before Start(), too.
  void UseDaemon(std::string program) { program_ = std::move(program); }

  // The module between grantd and its token, in place of SoftHSM's; before Start(), too.
  void UseModule(std::string module) { module_ = std::move(module); }

  // A variable for grantd's environment; before Start(), too.
  void ConfigureEnvironment(const std::string& name, const std::string& value) {
    environment_[name] = value;
  }

  // Starts grantd, with this beside what it needs in its environment, and waits until it serves.
  void Start(const Environment& more = {});
  // The same, but false where kill -9 ended it before.
  bool StartUnlessKilled(const Environment& more = {});
  // SIGTERM; returns the exit code.
  int Stop();
  // kill -9.
  void Kill();
  // Whether it ends by itself, of kill -9, within this time; any other end throws.
  bool IsKilledWithin(std::chrono::milliseconds limit);
  pid_t pid() const { return daemon_; }  // grantd's
  std::string Log() const;

  // A signer "release" for release-key under a policy whose one step the test's own user approves,
  // and whose users are these. Start() first.
  void ApplyRules(const std::vector<std::string>& users);
  void ApplyRulesText(const std::string& toml);

  // Runs grantctl as `uid` (0: the test's own user); stdout and stderr together.
  Outcome Ctl(std::vector<std::string> arguments, uid_t uid = 0);
  // The same with -o json, where it must succeed.
  nlohmann::json CtlJson(std::vector<std::string> arguments, uid_t uid = 0);
  // Requests and approves; returns the grant's ID.
  std::string Grant(int signings, const std::vector<std::string>& window = {"--window", "1h"},
                    uid_t uid = 0, const std::string& signer = "release");
  int Used(const std::string& grant_id);
  // How many audit entries of this kind there are.
  int Audited(const std::string& event);

  std::unique_ptr<Host> NewHost(uid_t uid = 0);

  const TempDir& directory() const { return directory_; }
  // Leaves the state and the tokens where they are, for somebody to look at.
  void Keep();
  SoftHsm& softhsm() { return softhsm_; }
  std::string gate_path() const { return directory_ / "run/gate.sock"; }
  std::string api_path() const { return directory_ / "run/api.sock"; }
  Environment client_environment() const;

 private:
  void WriteConfig();
  void Spawn(const Environment& more);
  // Whether it has ended, of kill -9.
  bool WasKilled();

  TempDir directory_;
  SoftHsm softhsm_;
  uid_t daemon_uid_;
  std::string program_;
  std::string module_;
  std::string pin_line_;
  std::string token_lines_;
  std::string site_lines_;
  Environment environment_;
  pid_t daemon_ = -1;
  int hosts_ = 0;
};

}  // namespace grant::test
