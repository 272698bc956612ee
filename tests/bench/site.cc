#include "tests/bench/site.h"

#include <unistd.h>

#include <stdexcept>

namespace grant::bench {
namespace {

// A SHA-256, and the same as PKCS #1 has it for RSA.
#define BENCH_DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define BENCH_DIGEST_INFO "3031300d060960864801650304020105000420" BENCH_DIGEST

constexpr int kSignings = 1'000'000;

std::vector<test::KeyToMake> ToMake(const std::vector<Key>& keys) {
  std::vector<test::KeyToMake> wanted;
  for (const Key& key : keys) {
    wanted.push_back({key.kind, key.label, "0" + std::to_string(wanted.size() + 1)});
  }
  return wanted;
}

std::string Rules(const std::vector<Key>& keys) {
  std::string rules = "[[policy]]\nname = \"bench\"\nmax_window = \"8h\"\nmax_signings = " +
                      std::to_string(kSignings) +
                      "\n[[policy.step]]\nname = \"Review\"\napprovers = [\"" + Self() + "\"]\n";
  for (const Key& key : keys) {
    rules += std::string("[[signer]]\nname = \"") + key.label +
             "\"\nkey = \"pkcs11:token=prod;object=" + key.label +
             "\"\npolicy = \"bench\"\nusers = [\"" + Self() + "\"]\n";
  }
  return rules;
}

}  // namespace

std::string Self() {
  return test::PrincipalOf(geteuid());
}

const std::vector<Key>& AllKeys() {
  static const auto& keys = *new std::vector<Key>{
      {"RSA-2048", "rsa2048", test::KeyKind::kRsa2048, "RSA-PKCS", BENCH_DIGEST_INFO},
      {"RSA-3072", "rsa3072", test::KeyKind::kRsa3072, "RSA-PKCS", BENCH_DIGEST_INFO},
      {"P-256", "p256", test::KeyKind::kP256, "ECDSA", BENCH_DIGEST},
      {"Ed25519", "ed25519", test::KeyKind::kEd25519, "EDDSA", BENCH_DIGEST}};
  return keys;
}

const Key& P256() {
  return AllKeys().at(2);
}

Site::Site(std::vector<Key> keys) : keys_(std::move(keys)), world_(ToMake(keys_)) {}

void Site::Start() {
  world_.Start();
  // A store that was filled beforehand has no mark beside it.
  world_.Ctl({"audit", "acknowledge", "--reason", "filled for the benchmark"});
  world_.ApplyRulesText(Rules(keys_));
  for (const Key& key : keys_) {
    grants_[key.label] = world_.Grant(kSignings, {"--window", "8h"}, 0, key.label);
  }
}

std::string Site::Metrics() {
  const test::Outcome outcome = test::Run(
      {"curl", "-sS", "--fail", "--unix-socket", world_.api_path(), "http://localhost/v1/metrics"});
  if (outcome.exit_code != 0) throw std::runtime_error("no metrics: " + outcome.output);
  return outcome.output;
}

test::Environment Site::WithConfig(const std::string& name, const std::string& text) {
  test::Environment environment = world_.client_environment();
  environment["GRANT_PKCS11_CONFIG"] = world_.directory().Write(name, text);
  return environment;
}

test::Environment Site::BrokerEnvironment() {
  return WithConfig("broker.conf", "mode = \"broker\"\n");
}

test::Environment Site::WrapEnvironment() {
  auto environment =
      WithConfig("wrap.conf", "mode = \"wrap\"\nmodule = \"" + test::SoftHsm::Module() + "\"\n");
  environment.merge(token_environment());
  return environment;
}

}  // namespace grant::bench
