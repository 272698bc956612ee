#include "tests/clients/client_world.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace grant::test {
namespace {

// Runs the script $1 in the folder $2 as a process group of its own, ends it after two minutes, and
// ends whatever of the group is left then: a server whose recipe failed half-way must not outlive
// it. What the developer's own environment says about modules is no concern of a recipe.
constexpr const char* kRunner = R"(
cd "$2"
unset GRANTD_GRANT GRANT_PKCS11_CONFIG PKCS11_MODULE_PATH OPENSSL_CONF SOFTHSM2_CONF SSH_AUTH_SOCK
exec 3>&2 2>/dev/null  # what bash itself says about jobs
set -m
timeout --foreground --kill-after=5 120 bash -euo pipefail "$1" 2>&3 3>&- &
status=0
wait $! || status=$?
kill -KILL -- -$!
[ $status -ne 124 ] || echo "the block did not end within two minutes"
exit $status
)";

std::string Checked(const std::vector<std::string>& command) {
  Outcome outcome = Run(command);
  if (outcome.exit_code == 0) return std::move(outcome.output);
  throw std::runtime_error(command.at(0) + ": " + outcome.output);
}

// A port that nobody uses now. Whoever is given it later than this recipe finds it in use.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("no free TCP port on loopback");
  return ntohs(address.sin_port);
}

std::string SignerText(const std::string& name, const std::string& key,
                       const std::string& certificate, const std::string& user) {
  return "[[signer]]\nname = \"" + name + "\"\nkey = \"pkcs11:token=prod;object=" + key +
         "\"\ncertificate = \"" + certificate + "\"\npolicy = \"release-signing\"\nusers = [\"" +
         user + "\"]\n";
}

bool Needs(const Recipe& recipe, const char* word) {
  return std::ranges::find(recipe.needs, word) != recipe.needs.end();
}

}  // namespace

std::string ClientFolder() {
  return CLIENTS_FOLDER;
}

std::string ClientPath() {
  const char* inherited = getenv("PATH");
  return ClientFolder() + "/bin:" + std::filesystem::path(GRANTCTL_PROGRAM).parent_path().string() +
         ":" + (inherited != nullptr ? inherited : "/usr/bin:/bin") + ":/usr/sbin:/sbin";
}

ClientWorld::ClientWorld(const Recipe& recipe)
    : uid_(Needs(recipe, kOrdinaryUser) && IsRoot() ? kAliceUid : 0),
      world_({{KeyKind::kRsa2048, "release-key", "01"}, {KeyKind::kP256, "ec-key", "02"}}),
      port_(FreePort()) {
  const bool with_ed_key = recipe.uses.count("ed") != 0;
  WritePublicKey("01", folder_ / "rsa.pub");
  WritePublicKey("02", folder_ / "ec.pub");
  if (with_ed_key) {
    world_.softhsm().GenerateKey("prod", World::kPin, {KeyKind::kEd25519, "ed-key", "03"});
    WritePublicKey("03", folder_ / "ed.pub");
  }
  Checked({MAKE_CERTIFICATES, folder_.path()});
  mkdir((folder_ / "home").c_str(), 0700);
  world_.Start();
  ApplyRules(with_ed_key);
  if (uid_ != 0) Checked({"chown", "-R", std::to_string(uid_), folder_.path()});
}

void ClientWorld::ApplyRules(bool with_ed_key) {
  const std::string user = PrincipalOf(uid_ != 0 ? uid_ : geteuid());
  std::string rules =
      "[[policy]]\nname = \"release-signing\"\nmax_window = \"8h\"\nmax_signings = 1000\n"
      "[[policy.step]]\nname = \"Security review\"\napprovers = [\"" +
      PrincipalOf(geteuid()) + "\"]\n" +
      SignerText("release", "release-key", folder_ / "rsa.pem", user) +
      SignerText("ec", "ec-key", folder_ / "ec.pem", user);
  if (with_ed_key) rules += SignerText("ed", "ed-key", folder_ / "ed.pem", user);
  world_.ApplyRulesText(rules);
}

void ClientWorld::WritePublicKey(const std::string& id, const std::string& file) {
  const TempDir raw;
  world_.softhsm().Tool(
      "prod", World::kPin,
      {"--read-object", "--type", "pubkey", "--id", id, "--output-file", raw / "key"});
  // pkcs11-tool writes DER or PEM, by the kind of the key.
  Checked({"openssl", "pkey", "-pubin", "-in", raw / "key", "-out", file});
}

Environment ClientWorld::RecipeEnvironment() const {
  Environment environment = world_.client_environment();
  environment.merge(Environment{{"MODULE", GRANT_PKCS11_MODULE},
                                {"PROGRAMS", CLIENT_PROGRAMS},
                                {"CLIENTS", ClientFolder()},
                                {"PORT", std::to_string(port_)},
                                {"HOME", folder_ / "home"},
                                {"PATH", ClientPath()},
                                {"LC_ALL", "C.UTF-8"}});
  return environment;
}

Outcome ClientWorld::RunBlock(const std::string& commands) {
  const std::string script = folder_.Write(".block", commands, 0644);
  std::vector<std::string> command = {"bash", "-c", kRunner, "bash", script, folder_.path()};
  if (uid_ != 0) {
    const std::string number = std::to_string(uid_);
    command.insert(command.begin(),
                   {"setpriv", "--reuid", number, "--regid", number, "--clear-groups"});
  }
  return Run(command, RecipeEnvironment());
}

std::map<std::string, std::string> ClientWorld::Grant(const std::map<std::string, int>& uses) {
  std::map<std::string, std::string> grants;
  for (const auto& [signer, count] : uses) {
    grants[signer] = world_.Grant(count, {"--window", "1h"}, uid_, signer);
  }
  return grants;
}

std::string ClientWorld::GrantForFile(const std::string& signer, int uses,
                                      const std::string& file) {
  return world_.Grant(uses, {"--window", "1h", "--file", file}, uid_, signer);
}

}  // namespace grant::test
