// Signing: counted by grantd, made by the token in this process.
#include <atomic>
#include <thread>

#include "grant/cryptoki/names.h"
#include "tests/e2e/verify.h"
#include "tests/wrap/wrap_world.h"

namespace grant::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDigest(32, 'a');
const std::string kDigestInfo =
    FromHex("3031300d060960864801650304020105000420") + std::string(32, 'a');

class WrapSigning : public WrapTest {
 protected:
  WrapSigning() { Start(); }

  void ExpectVerifies(const std::string& label, CK_MECHANISM_TYPE type, const std::string& data,
                      const Signed& made) {
    ASSERT_RV(CKR_OK, made.rv);
    const std::string mechanism = cryptoki::MechanismName(type);
    EXPECT_TRUE(
        Verifies(client_->PublicNumbers(session_, label), mechanism, data, ToHex(made.signature)))
        << mechanism;
  }
};

TEST_F(WrapSigning, WorksWithEachKindOfKeyAtOnceAndInParts) {
  const std::string release = world_.Grant(6);
  const std::string ec = world_.Grant(1, {"--window", "1h"}, 0, "ec");
  const std::string ed = world_.Grant(1, {"--window", "1h"}, 0, "ed");
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  const std::string large(200000, 'x');
  for (const auto& [type, data] :
       {std::pair<CK_MECHANISM_TYPE, std::string>{CKM_RSA_PKCS, kDigestInfo},
        {CKM_RSA_PKCS_PSS, kDigest},
        {CKM_SHA256_RSA_PKCS, "data"},
        {CKM_SHA512_RSA_PKCS, large}}) {
    ExpectVerifies("release-key", type, data, client_->Sign(session_, type, rsa, data));
  }
  ExpectVerifies("release-key", CKM_SHA256_RSA_PKCS, "in parts",
                 client_->SignInParts(session_, CKM_SHA256_RSA_PKCS, rsa, "in parts", 3));
  ExpectVerifies("release-key", CKM_SHA256_RSA_PKCS_PSS, large,
                 client_->SignInParts(session_, CKM_SHA256_RSA_PKCS_PSS, rsa, large, 4096));
  ExpectVerifies(
      "ec-key", CKM_ECDSA, kDigest,
      client_->Sign(session_, CKM_ECDSA, client_->PrivateKey(session_, "ec-key"), kDigest));
  ExpectVerifies(
      "ed-key", CKM_EDDSA, "data",
      client_->Sign(session_, CKM_EDDSA, client_->PrivateKey(session_, "ed-key"), "data"));
  EXPECT_EQ(world_.Used(release), 6);
  EXPECT_EQ(world_.Used(ec), 1);
  EXPECT_EQ(world_.Used(ed), 1);
}

TEST_F(WrapSigning, IsRecordedAsDelegatedWithWhatWasSigned) {
  const std::string id = world_.Grant(1);
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  ASSERT_RV(CKR_OK, client_->Sign(session_, CKM_SHA256_RSA_PKCS, rsa, "data").rv);
  const nlohmann::json uses = world_.CtlJson({"grant", "show", id}).at("uses");
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].at("outcome"), "delegated");
  EXPECT_EQ(uses[0].at("digest"), "sha256:" + ToHex(Sha256("data")));
}

TEST_F(WrapSigning, OfAnOpenSignerNeedsNoGrant) {
  const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, "open-key");
  ExpectVerifies("open-key", CKM_ECDSA, kDigest, client_->Sign(session_, CKM_ECDSA, key, kDigest));
  EXPECT_EQ(world_.Audited("signature.spent"), 1);
}

TEST_F(WrapSigning, SpendsNothingForSizesAndSmallBuffers) {
  const std::string id = world_.Grant(1);
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  ASSERT_RV(CKR_OK, client_->SignInit(session_, CKM_SHA256_RSA_PKCS, rsa));
  CK_BYTE data[4] = {1, 2, 3, 4};
  CK_BYTE small[1];
  CK_ULONG size = 0;
  EXPECT_RV(CKR_OK, client_->p11->C_Sign(session_, data, 4, nullptr, &size));
  EXPECT_EQ(size, 256U);
  size = 1;
  EXPECT_RV(CKR_BUFFER_TOO_SMALL, client_->p11->C_Sign(session_, data, 4, small, &size));
  EXPECT_EQ(size, 256U);
  EXPECT_EQ(world_.Used(id), 0);
  EXPECT_RV(CKR_OK, client_->Sign(session_, "data").rv);
  EXPECT_EQ(world_.Used(id), 1);
}

TEST_F(WrapSigning, WithoutAGrantIsRefusedAndTheSessionGoesOn) {
  for (const CK_MECHANISM_TYPE type :
       {CKM_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS, CKM_RSA_X_509}) {
    const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
    const std::string errors = ErrorsOf([&] {
      const Signed refused = client_->Sign(session_, type, rsa, kDigest);
      EXPECT_RV(CKR_FUNCTION_REJECTED, refused.rv);
      EXPECT_EQ(refused.signature, "");
      // Neither here nor in the token is there anything left of it.
      EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, client_->Sign(session_, kDigest).rv);
    });
    EXPECT_THAT(errors, HasSubstr("grant-pkcs11: refused: "));
    EXPECT_THAT(errors, HasSubstr("hint: grantctl request create release"));
    const std::string id = world_.Grant(1);
    EXPECT_RV(CKR_OK, client_->Sign(session_, type, rsa, kDigest).rv) << type;
    EXPECT_EQ(world_.Used(id), 1);
  }
}

TEST_F(WrapSigning, InPartsIsRefusedAtItsEnd) {
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  const Signed refused = client_->SignInParts(session_, CKM_SHA256_RSA_PKCS, rsa, "data", 2);
  EXPECT_RV(CKR_FUNCTION_REJECTED, refused.rv);
  EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, client_->SignFinal(session_).rv);
  world_.Grant(1);
  EXPECT_RV(CKR_OK, client_->SignInParts(session_, CKM_SHA256_RSA_PKCS, rsa, "data", 2).rv);
}

TEST_F(WrapSigning, WithAMechanismThatTheSignerDoesNotAllowIsRefusedAtOnce) {
  const CK_OBJECT_HANDLE key = client_->PrivateKey(session_, "ec-key");
  const std::string errors = ErrorsOf(
      [&] { EXPECT_RV(CKR_MECHANISM_INVALID, client_->SignInit(session_, CKM_ECDSA_SHA1, key)); });
  EXPECT_THAT(errors, HasSubstr("signer ec does not allow ECDSA-SHA1"));
  EXPECT_RV(CKR_OK, client_->SignInit(session_, CKM_ECDSA, key));
}

TEST_F(WrapSigning, WorksInASessionThatDidNotFindTheKey) {
  const std::string id = world_.Grant(1);
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  const CK_SESSION_HANDLE second = client_->OpenSession();
  EXPECT_RV(CKR_OK, client_->Sign(second, CKM_SHA256_RSA_PKCS, rsa, "data").rv);
  EXPECT_RV(CKR_FUNCTION_REJECTED, client_->Sign(second, CKM_SHA256_RSA_PKCS, rsa, "data").rv);
  EXPECT_EQ(world_.Used(id), 1);
}

TEST_F(WrapSigning, UsesTheGrantThatTheEnvironmentNames) {
  const std::string first = world_.Grant(1, {"--window", "1h"});
  const std::string second = world_.Grant(1, {"--window", "2h"});
  client_.reset();
  setenv("GRANTD_GRANT", second.c_str(), 1);
  client_ = std::make_unique<Client>(GRANT_PKCS11_MODULE);
  session_ = client_->OpenSession();
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  EXPECT_RV(CKR_OK, client_->Sign(session_, CKM_SHA256_RSA_PKCS, rsa, "data").rv);
  EXPECT_EQ(world_.Used(first), 0);
  EXPECT_EQ(world_.Used(second), 1);
}

TEST_F(WrapSigning, OfManyThreadsNeverExceedsTheCount) {
  constexpr int kThreads = 8;
  constexpr int kGranted = 40;
  const std::string id = world_.Grant(kGranted);
  const CK_OBJECT_HANDLE rsa = client_->PrivateKey(session_, "release-key");
  std::atomic<int> signatures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, session = client_->OpenSession()] {
      while (client_->Sign(session, CKM_SHA256_RSA_PKCS, rsa, "data").rv == CKR_OK) ++signatures;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(signatures, kGranted);
  EXPECT_EQ(world_.Used(id), kGranted);
}

TEST_F(WrapSigning, OfManyProcessesNeverExceedsTheCount) {
  constexpr int kProcesses = 4;
  constexpr int kGranted = 30;
  const std::string id = world_.Grant(kGranted);
  // SoftHSM itself fails where processes log in at the same moment, so they do it in turn.
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < kProcesses; ++i) {
    hosts.push_back(NewHost());
    ASSERT_EQ(hosts.back()->Do(std::string("login ") + World::kPin), "CKR_OK");
    ASSERT_EQ(hosts.back()->Do("find release-key"), "CKR_OK");
  }
  std::vector<int> signatures(kProcesses);
  std::vector<std::thread> threads;
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      while (hosts[i]->Do("sign SHA256-RSA-PKCS data").rfind("CKR_OK ", 0) == 0) ++signatures[i];
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  for (const int count : signatures) total += count;
  EXPECT_EQ(total, kGranted);
  EXPECT_EQ(world_.Used(id), kGranted);
}

}  // namespace
}  // namespace grant::test
