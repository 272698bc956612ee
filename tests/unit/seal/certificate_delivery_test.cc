// Certificate requests are signatures too: the seal stops them on their way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <atomic>
#include <thread>

#include "grantd/keys/key_desk.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Has an Ed25519 key "release-key", and signs with it.
class CertifiableToken : public FakeToken {
 public:
  explicit CertifiableToken(Signer& unused)
      : FakeToken(unused),
        key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(32, 1).data(), 32),
             &EVP_PKEY_free) {
    const CK_KEY_TYPE type = CKK_EC_EDWARDS;
    const auto* type_bytes = reinterpret_cast<const uint8_t*>(&type);
    Bytes point(32);
    size_t point_bytes = point.size();
    EXPECT_EQ(EVP_PKEY_get_raw_public_key(key_.get(), point.data(), &point_bytes), 1);
    const ByteView label = AsBytes("release-key");
    objects_ = std::make_shared<const TokenObjects>(
        TokenObjects{1,
                     {{kKeyId,
                       CKO_PRIVATE_KEY,
                       {{CKA_KEY_TYPE, false, Bytes(type_bytes, type_bytes + sizeof type)},
                        {CKA_EC_POINT, false, point},
                        {CKA_LABEL, false, Bytes(label.begin(), label.end())}}}}});
  }

  Result<std::shared_ptr<const TokenObjects>> Objects() override { return objects_; }
  tl::expected<Bytes, TokenFailure> Sign(uint64_t /*key*/, const gate::SignMechanism& /*mechanism*/,
                                         ByteView data) override {
    while_signing();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    Bytes signature(64);
    size_t bytes = signature.size();
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()), 1);
    EXPECT_EQ(EVP_DigestSign(context.get(), signature.data(), &bytes, data.data(), data.size()), 1);
    return signature;
  }

  std::function<void()> while_signing = [] {};

 private:
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::shared_ptr<const TokenObjects> objects_;
};

class CertificateDelivery : public testing::Test {
 protected:
  CertificateDelivery() : store_(OpenSqliteStore(dir_ / "state").value()) {
    EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendRules(Rules(), P("unix:root"), At(0)));
      return {};
    }));
    std::vector<std::unique_ptr<Token>> tokens;
    auto token = std::make_unique<CertifiableToken>(unused_);
    token_ = token.get();
    tokens.push_back(std::move(token));
    keys_ = std::make_unique<KeyDirectory>(std::move(tokens));
    auditor_ = std::make_unique<KeyAuditor>(*keys_);
    Surroundings surroundings;
    surroundings.now = [] { return At(0); };
    surroundings.admins = Ps({"unix:root"});
    workflow_ = std::make_unique<Workflow>(*store_, std::move(surroundings));
    desk_ = std::make_unique<KeyDesk>(
        *store_, *workflow_, *keys_, *auditor_,
        KeyDeskSurroundings{[] { return At(0); },
                            [] { return Result<SecretEntropy>(SecretEntropy{}); },
                            [] { return std::vector<Refusal>(); }, deliveries_});
  }

  Result<CertificateRequestMade> Request() {
    return desk_->RequestCertificate(Who("unix:root"),
                                     {"prod", "release-key", {{"CN", "Release"}}, {}});
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  FakeToken::Signer unused_;
  CertifiableToken* token_ = nullptr;
  std::unique_ptr<KeyDirectory> keys_;
  std::unique_ptr<KeyAuditor> auditor_;
  std::unique_ptr<Workflow> workflow_;
  Deliveries deliveries_;
  std::unique_ptr<KeyDesk> desk_;
};

TEST_F(CertificateDelivery, OfARequestThatTheSealOvertookThereIsNone) {
  token_->while_signing = [this] { deliveries_.WithdrawAll(); };
  const auto made = Request();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kConflict);
  EXPECT_THAT(made.error().message, HasSubstr("sealed meanwhile"));
}

TEST_F(CertificateDelivery, IsWaitedForByTheSealUntilTheRequestIsHandedOver) {
  auto made = Request();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->pem, StartsWith("-----BEGIN CERTIFICATE REQUEST-----"));
  std::atomic<bool> handed_over = false;
  std::thread sealing([&] {
    deliveries_.WithdrawAll();
    EXPECT_TRUE(handed_over);
  });
  handed_over = true;
  made->delivery.reset();
  sealing.join();
  EXPECT_TRUE(Request()) << "what comes later is for the alarms to stop";
}

}  // namespace
}  // namespace grant
