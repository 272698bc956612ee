#include "tests/wrap/wrap_world.h"

#include <unistd.h>

#include <cstdlib>

namespace grant::test {

WrapTest::WrapTest()
    : world_({{KeyKind::kRsa2048, "release-key", "01"},
              {KeyKind::kP256, "ec-key", "02"},
              {KeyKind::kEd25519, "ed-key", "03"},
              {KeyKind::kP256, "open-key", "04"}}) {
  // SoftHSM writes the token's file anew at each login, and who reads it at that moment, as this
  // process does, finds no token. With one worker there is no login once grantd serves.
  world_.ConfigureToken("workers = 1\n");
  WriteConfig("mode = \"wrap\"\nmodule = \"" + SoftHsm::Module() + "\"\n");
  for (const auto& [name, value] : client_environment()) setenv(name.c_str(), value.c_str(), 1);
  unsetenv("GRANTD_GRANT");
  OnToken([](Client& client, CK_SESSION_HANDLE session) {
    client.GenerateRsa(session, "other-key", "\x05");
  });
}

WrapTest::~WrapTest() = default;

void WrapTest::WriteConfig(const std::string& text) {
  world_.directory().Write("pkcs11.conf", text);
}

void WrapTest::Start() {
  world_.Start();
  std::string rules =
      "[[policy]]\nname = \"release-signing\"\nmax_window = \"8h\"\nmax_signings = 1000\n"
      "[[policy.step]]\nname = \"Security review\"\napprovers = [\"" +
      PrincipalOf(geteuid()) + "\"]\n";
  const auto add = [&rules](const std::string& name, const std::string& key,
                            const std::string& more) {
    rules += "[[signer]]\nname = \"" + name + "\"\nkey = \"pkcs11:token=prod;object=" + key +
             "\"\nusers = [\"" + PrincipalOf(geteuid()) + "\"]\n" + more;
  };
  const std::string policy = "policy = \"release-signing\"\n";
  add("release", "release-key", policy);
  add("ec", "ec-key", policy + "mechanisms = [\"ECDSA\", \"ECDSA-SHA256\"]\n");
  add("ed", "ed-key", policy);
  add("open", "open-key", "");
  world_.ApplyRulesText(rules);
  client_ = std::make_unique<Client>(GRANT_PKCS11_MODULE);
  session_ = client_->OpenSession();
}

Environment WrapTest::client_environment() const {
  Environment environment = world_.client_environment();
  environment.merge(const_cast<World&>(world_).softhsm().environment());
  environment["GRANT_PKCS11_CONFIG"] = world_.directory() / "pkcs11.conf";
  return environment;
}

std::unique_ptr<Host> WrapTest::NewHost() {
  const std::string errors =
      world_.directory() / ("wrap-host-" + std::to_string(++hosts_) + ".stderr");
  return std::make_unique<Host>(client_environment(), 0, errors);
}

}  // namespace grant::test
