#include "tests/support/softhsm.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace grant::test {
namespace {

const char* KeyType(KeyKind kind) {
  switch (kind) {
    case KeyKind::kRsa2048:
      return "rsa:2048";
    case KeyKind::kRsa3072:
      return "rsa:3072";
    case KeyKind::kP256:
      return "EC:prime256v1";
    case KeyKind::kEd25519:
      return "EC:edwards25519";
  }
  throw std::logic_error("no such kind of key");
}

}  // namespace

SoftHsm::SoftHsm() {
  std::filesystem::create_directory(directory_ / "tokens");
  directory_.Write("softhsm2.conf", "directories.tokendir = " + directory_ / "tokens" +
                                        "\nobjectstore.backend = file\nlog.level = ERROR\n");
}

void SoftHsm::AddToken(const std::string& label, const std::string& pin) {
  RunChecked({"softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so-" + pin,
              "--pin", pin});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / "tokens")) {
    if (entry.path().filename() != "token.object") continue;
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    token_files_[entry.path()] = content.str();
  }
}

void SoftHsm::GenerateKey(const std::string& token, const std::string& pin, const KeyToMake& key) {
  std::vector<std::string> arguments = {"--keypairgen", "--key-type",  KeyType(key.kind),
                                        "--label",      key.label,     "--id",
                                        key.id,         "--usage-sign"};
  if (key.always_authenticate) arguments.push_back("--always-auth");
  Tool(token, pin, arguments);
  if (key.for_signing_only) RunChecked({SIGN_ONLY_PROGRAM, Module(), token, pin, key.label});
}

std::string SoftHsm::Tool(const std::string& token, const std::string& pin,
                          const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"pkcs11-tool", "--module", Module(), "--token-label",
                                      token,         "--login",  "--pin",  pin};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunChecked(command);
}

int SoftHsm::MendTokens() {
  int mended = 0;
  for (const auto& [path, content] : token_files_) {
    if (std::filesystem::file_size(path) == content.size()) continue;
    std::ofstream(path, std::ios::binary) << content;
    ++mended;
  }
  return mended;
}

std::string SoftHsm::Module() {
  for (const char* const path :
       {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"}) {
    if (std::filesystem::exists(path)) return path;
  }
  throw std::runtime_error("SoftHSM2 is not installed: apt install softhsm2");
}

std::string SoftHsm::RunChecked(const std::vector<std::string>& arguments) {
  Outcome outcome = Run(arguments, environment());
  if (outcome.exit_code == 0) return std::move(outcome.output);
  throw std::runtime_error(arguments.at(0) + " exited with " + std::to_string(outcome.exit_code) +
                           ": " + outcome.output);
}

}  // namespace grant::test
