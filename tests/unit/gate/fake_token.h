// A token with two keys that does what a test wants.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "grant/cryptoki/cryptoki.h"
#include "grantd/hsm/token.h"

namespace grant {

inline constexpr uint64_t kKeyId = 7;       // "release-key"
inline constexpr uint64_t kOtherKeyId = 8;  // "other-key"
// The curve of both, as CKA_EC_PARAMS has it.
inline constexpr std::string_view kP256("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);

class FakeToken : public Token {
 public:
  using Signer = std::function<tl::expected<Bytes, TokenFailure>()>;

  // Calls `sign` for each signature; it is borrowed.
  explicit FakeToken(Signer& sign, std::string name = "prod", bool accept_any_pin = false)
      : sign_(sign) {
    settings_.name = std::move(name);
    settings_.accept_any_pin = accept_any_pin;
    objects_ = std::make_shared<const TokenObjects>(
        TokenObjects{1, {Key(kKeyId, "release-key"), Key(kOtherKeyId, "other-key")}});
  }

  const TokenSettings& settings() const override { return settings_; }
  gate::TokenRecord Describe() override {
    gate::TokenRecord record;
    record.name = settings_.name;
    record.label = settings_.name;
    return record;
  }
  Result<std::shared_ptr<const TokenObjects>> Objects() override { return objects_; }
  tl::expected<Bytes, TokenFailure> Sign(uint64_t, const gate::SignMechanism&, ByteView) override {
    return sign_();
  }
  tl::expected<void, TokenFailure> Verify(uint64_t, const gate::SignMechanism&, ByteView,
                                          ByteView) override {
    return tl::make_unexpected(TokenFailure{CKR_FUNCTION_NOT_SUPPORTED, "C_Verify", true});
  }
  tl::expected<Bytes, TokenFailure> Encrypt(uint64_t, const gate::EncryptMechanism&,
                                            ByteView) override {
    return tl::make_unexpected(TokenFailure{CKR_FUNCTION_NOT_SUPPORTED, "C_Encrypt", true});
  }
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake&) override {
    return tl::make_unexpected(TokenFailure{CKR_FUNCTION_NOT_SUPPORTED, "C_GenerateKeyPair", true});
  }
  tl::expected<Bytes, TokenFailure> Random(size_t) override {
    return tl::make_unexpected(TokenFailure{CKR_RANDOM_NO_RNG, "C_GenerateRandom", true});
  }

 private:
  static TokenObject Key(uint64_t id, std::string_view name) {
    const CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    const auto* bytes = reinterpret_cast<const uint8_t*>(&private_key);
    const ByteView label = AsBytes(name);
    const ByteView curve = AsBytes(kP256);
    return {id,
            CKO_PRIVATE_KEY,
            {{CKA_CLASS, false, Bytes(bytes, bytes + sizeof private_key)},
             {CKA_EC_PARAMS, false, Bytes(curve.begin(), curve.end())},
             {CKA_LABEL, false, Bytes(label.begin(), label.end())}}};
  }

  Signer& sign_;
  TokenSettings settings_;
  std::shared_ptr<const TokenObjects> objects_;
};

}  // namespace grant
