#include "grantd/hsm/token.h"

#include "grant/cryptoki/names.h"

namespace grant {
namespace {

class SignedWhenAwaited : public StartedSignature {
 public:
  SignedWhenAwaited(Token& token, uint64_t key_id, const gate::SignMechanism& mechanism,
                    ByteView data)
      : token_(token), key_id_(key_id), mechanism_(mechanism), data_(data) {}
  tl::expected<Bytes, TokenFailure> Finish() override {
    return token_.Sign(key_id_, mechanism_, data_);
  }

 private:
  Token& token_;
  const uint64_t key_id_;
  const gate::SignMechanism& mechanism_;
  const ByteView data_;
};

}  // namespace

std::string Describe(const TokenFailure& failure) {
  if (!failure.reason.empty()) return failure.function + ": " + failure.reason;
  return failure.function + " failed: " + cryptoki::ReturnValueName(failure.rv);
}

std::unique_ptr<StartedSignature> Token::StartSigning(uint64_t key_id,
                                                      const gate::SignMechanism& mechanism,
                                                      ByteView data) {
  return std::make_unique<SignedWhenAwaited>(*this, key_id, mechanism, data);
}

}  // namespace grant
