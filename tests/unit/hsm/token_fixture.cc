#include "tests/unit/hsm/token_fixture.h"

#include <cstdlib>
#include <stdexcept>

#include "grant/cryptoki/backing_module.h"

namespace grant::test {
namespace {

std::unique_ptr<SoftHsm> MakeHsm() {
  auto hsm = std::make_unique<SoftHsm>();
  for (const char* const token : {"prod", "growing", "empty"}) hsm->AddToken(token, kPin);
  hsm->GenerateKey("growing", kPin, {KeyKind::kP256, "first", "01"});
  hsm->GenerateKey("prod", kPin,
                   {KeyKind::kRsa2048, "rsa", "01", false, /*for_signing_only=*/false});
  hsm->GenerateKey("prod", kPin, {KeyKind::kP256, "p256", "02"});
  hsm->GenerateKey("prod", kPin, {KeyKind::kEd25519, "ed25519", "03"});
  hsm->GenerateKey("prod", kPin, {KeyKind::kP256, "careful", "04", true});

  const std::string certificate = hsm->directory() / "cert.der";
  const Outcome made =
      Run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
           "-nodes", "-keyout", hsm->directory() / "key.pem", "-subj", "/CN=test", "-outform",
           "DER", "-out", certificate});
  if (made.exit_code != 0) throw std::runtime_error("openssl req: " + made.output);
  hsm->Tool("prod", kPin,
            {"--write-object", certificate, "--type", "cert", "--label", "cert", "--id", "01"});
  const std::string data = hsm->directory().Write("data", "some data");
  hsm->Tool("prod", kPin, {"--write-object", data, "--type", "data", "--label", "notes"});
  hsm->Tool("prod", kPin,
            {"--write-object", data, "--type", "data", "--label", "diary", "--private"});
  for (const auto& [name, value] : hsm->environment()) {
    setenv(name.c_str(), value.c_str(), 1);  // no thread runs yet
  }
  return hsm;
}

}  // namespace

ModuleTokenTest::ModuleTokenTest() : pin_file_(dir_.Write("pin", std::string(kPin) + "\n")) {
  Hsm();
}

SoftHsm& ModuleTokenTest::Hsm() {
  static const std::unique_ptr<SoftHsm> hsm = MakeHsm();
  return *hsm;
}

CK_FUNCTION_LIST* ModuleTokenTest::Module() {
  Hsm();
  auto module = cryptoki::BackingModule::Load(SoftHsm::Module());
  if (!module) throw std::runtime_error(module.error().message);
  if (const auto ready = (*module)->Initialize(); !ready) {
    throw std::runtime_error(ready.error().message);
  }
  return (*module)->functions();
}

TokenSettings ModuleTokenTest::Settings(const std::string& token) const {
  return {.name = token,
          .module = SoftHsm::Module(),
          .uri = "pkcs11:token=" + token,
          .pin_file = pin_file_,
          .accept_any_pin = false};
}

std::unique_ptr<ModuleToken> ModuleTokenTest::Open(const TokenSettings& settings) {
  auto token = ModuleToken::Open(settings, std::make_shared<TokenPinDesk>(settings));
  if (!token) throw std::runtime_error(token.error().message);
  return *std::move(token);
}

TokenObject ModuleTokenTest::Find(Token& token, CK_OBJECT_CLASS object_class,
                                  const std::string& label) {
  const auto objects = token.Objects();
  if (!objects) throw std::runtime_error(objects.error().message);
  for (const TokenObject& object : (*objects)->objects) {
    const gate::AttributeRecord* const name = object.Find(CKA_LABEL);
    if (object.object_class == object_class && name && AsText(name->value) == label) return object;
  }
  throw std::runtime_error("there is no " + label);
}

}  // namespace grant::test
