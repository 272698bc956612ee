// Uses that are spent for a caller who signs with the key itself.
#include <nlohmann/json.hpp>

#include "tests/unit/gate/signing_fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;

class SpendOnlyTest : public SigningTest {
 protected:
  SpendOnlyTest() {
    target_.spend_only = true;
    sign_ = [this] {
      asked_token_ = true;
      return Bytes(64, 1);
    };
  }

  tl::expected<void, gate::Refused> Spend(ByteView data) {
    auto operation = signing_.Begin(PeerAs("unix:alice"), target_);
    if (!operation) return tl::unexpected(operation.error());
    operation->content.Add(data);
    return signing_.Complete(*std::move(operation), [this](const Bytes& signature) {
      delivered_ = true;
      EXPECT_TRUE(signature.empty());
    });
  }

  std::vector<UseOutcome> Outcomes() {
    std::vector<UseOutcome> outcomes;
    EXPECT_TRUE(store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto uses, tables.UsesOf("grt_1", 100));
      for (const Use& use : uses) outcomes.push_back(use.outcome);
      return {};
    }));
    return outcomes;
  }

  bool asked_token_ = false;
};

TEST_F(SpendOnlyTest, NeverAsksTheToken) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_TRUE(delivered_);
  EXPECT_FALSE(asked_token_);
  EXPECT_EQ(Used(), 1U);
}

TEST_F(SpendOnlyTest, IsDelegatedFromTheStart) {
  EXPECT_TRUE(SignAs("unix:alice").has_value());
  EXPECT_THAT(Outcomes(), ElementsAre(UseOutcome::kDelegated));
  EXPECT_TRUE(signing_.FlushOutcomes());
  EXPECT_EQ(signing_.RecoverUnsettled().value(), 0U);
  EXPECT_THAT(Outcomes(), ElementsAre(UseOutcome::kDelegated));
  ASSERT_THAT(Events(), ElementsAre("signature.spent"));
  EXPECT_EQ(nlohmann::json::parse(Audit().front().detail).at("placement"), "wrap");
}

TEST_F(SpendOnlyTest, IsRefusedAsASignatureIs) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SignAs("unix:alice").has_value());
  const auto fourth = SignAs("unix:alice");
  ASSERT_FALSE(fourth.has_value());
  EXPECT_EQ(fourth.error().cause, Cause::kUsedUp);
  EXPECT_FALSE(delivered_);
  EXPECT_EQ(Used(), 3U);
}

TEST_F(SpendOnlyTest, TakesMechanismsThatGrantdDoesNotKnow) {
  target_.mechanism.type = CKM_MD5_RSA_PKCS;
  EXPECT_TRUE(Spend(AsBytes("data")).has_value());
  target_.mechanism.type = CKM_RSA_PKCS_PSS;  // without its parameters
  EXPECT_TRUE(Spend(Bytes(32)).has_value());
  target_.mechanism.type = CKM_EDDSA;
  target_.opaque_parameters = true;
  EXPECT_TRUE(Spend(AsBytes("data")).has_value());
  EXPECT_EQ(Used(), 3U);
  for (const AuditEvent& event : Audit()) {
    EXPECT_TRUE(nlohmann::json::parse(event.detail).at("digests").empty()) << event.detail;
  }
}

TEST_F(SpendOnlyTest, TakesDataOfAnyLength) {
  EXPECT_TRUE(Spend(Bytes(kRawDataBytesMax + 1)).has_value());
  target_.mechanism.type = CKM_EDDSA;
  EXPECT_TRUE(Spend(Bytes(kWholeDataBytesMax + 1)).has_value());
}

class SpendOnlyForContentTest : public SpendOnlyTest {
 protected:
  SpendOnlyForContentTest() {
    Grant held = MakeGrant("grt_2");
    held.digests = {{"sha256", std::string(64, '0')}};
    Issue(held);
    target_.grant = "grt_2";
  }

  std::optional<Cause> CauseOf(CK_MECHANISM_TYPE type, ByteView data) {
    target_.mechanism.type = type;
    const auto outcome = Spend(data);
    return outcome ? std::nullopt : std::optional(outcome.error().cause);
  }
};

TEST_F(SpendOnlyForContentTest, CoversThatContentAlone) {
  EXPECT_EQ(CauseOf(CKM_ECDSA, Bytes(32)), std::nullopt);
  EXPECT_EQ(CauseOf(CKM_ECDSA, Bytes(32, 1)), Cause::kDigestNotInGrant);
  EXPECT_EQ(CauseOf(CKM_ECDSA_SHA256, Bytes(32)), Cause::kDigestNotInGrant);
  EXPECT_EQ(Used("grt_2"), 1U);
}

TEST_F(SpendOnlyForContentTest, GuessesNoDigestOfWhatIsNotKnown) {
  EXPECT_EQ(CauseOf(CKM_DSA, Bytes(32)), Cause::kDigestNotInGrant);
  EXPECT_EQ(CauseOf(CKM_RSA_PKCS_PSS, Bytes(32)), Cause::kDigestNotInGrant);
  EXPECT_EQ(CauseOf(CKM_RSA_X_509, Bytes(32)), Cause::kDigestNotInGrant);
  target_.opaque_parameters = true;
  EXPECT_EQ(CauseOf(CKM_ECDSA, Bytes(32)), Cause::kDigestNotInGrant);
}

}  // namespace
}  // namespace grant
