#include "grantd/gate/public_operations.h"

#include <algorithm>
#include <utility>

#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "grantd/gate/hash_here.h"
#include "grantd/gate/refused.h"

namespace grant {
namespace {

tl::unexpected<gate::Refused> NotServed(CK_MECHANISM_TYPE mechanism, const std::string& use) {
  return tl::unexpected(gate::Refused{
      Cause::kMechanismNotAllowed, 0,
      cryptoki::MechanismName(mechanism) + " is not a mechanism that grantd " + use + " with",
      "use one that the token's mechanism list offers"});
}

tl::unexpected<gate::Refused> TooLong(const std::string& what, size_t bytes_max) {
  return tl::unexpected(gate::Refused{
      Cause::kDataLength, 0, "more than " + std::to_string(bytes_max) + " bytes " + what, ""});
}

}  // namespace

template <typename Use>
auto PublicOperations::OnToken(Use use) -> Outcome<typename std::invoke_result_t<Use>::value_type> {
  if (!places_.try_acquire_for(kPublicCallWaitMax)) {
    return tl::unexpected(Busy("too many ask the tokens at this moment"));
  }
  struct Place {
    std::counting_semaphore<>& places;
    ~Place() { places.release(); }
  } place{places_};
  return use().map_error([](const TokenFailure& failure) { return FromToken(failure); });
}

PublicOperations::Outcome<Token*> PublicOperations::FindToken(const std::string& name) const {
  Token* const token = keys_.FindToken(name);
  if (token == nullptr) return tl::unexpected(NoSuchToken(name));
  return token;
}

// To describe the token takes a call for each of its mechanisms, hence the memory.
PublicOperations::Outcome<bool> PublicOperations::MayHashFor(Token& token, uint64_t key_id) {
  const auto objects = token.Objects();
  if (!objects) return tl::unexpected(TokenUnavailable(objects.error()));
  std::shared_ptr<const PublicKeys> keys;
  {
    const std::scoped_lock lock(mutex_);
    keys = seen_[&token];
  }
  if (!keys || keys->version != (*objects)->version) {
    const gate::TokenRecord record = token.Describe();
    auto fresh = std::make_shared<PublicKeys>();
    fresh->version = (*objects)->version;
    for (const TokenObject& object : (*objects)->objects) {
      if (object.object_class != CKO_PUBLIC_KEY) continue;
      fresh->hash_here[object.id] = MayHashHere(object, record, CKF_VERIFY);
    }
    keys = std::move(fresh);
    const std::scoped_lock lock(mutex_);
    seen_[&token] = keys;
  }
  const auto found = keys->hash_here.find(key_id);
  if (found == keys->hash_here.end()) return tl::unexpected(KeyGone());
  return found->second;
}

PublicOperations::Outcome<Verification> PublicOperations::BeginVerify(
    const gate::VerifyTarget& target) {
  GRANT_TRY(Token* const token, FindToken(target.token));
  GRANT_TRY(const bool hash_here, MayHashFor(*token, target.key_id));
  auto content = Content::Begin(target.mechanism, hash_here, Purpose::kVerifying);
  if (!content) return tl::unexpected(ToRefused(content.error()));
  return Verification{token, target.key_id, *std::move(content)};
}

PublicOperations::Outcome<gate::Verified> PublicOperations::Verify(Verification verification,
                                                                   ByteView signature) {
  const auto content = verification.content.Finish();
  if (!content) return tl::unexpected(ToRefused(content.error()));
  GRANT_CHECK(OnToken([&] {
    return verification.token->Verify(verification.key_id, content->mechanism, content->data,
                                      signature);
  }));
  return gate::Verified{};
}

PublicOperations::Outcome<Hasher> PublicOperations::BeginDigest(CK_MECHANISM_TYPE mechanism) {
  if (cryptoki::FindDigestMechanism(mechanism) == nullptr) return NotServed(mechanism, "digests");
  return Hasher(mechanism);
}

PublicOperations::Outcome<gate::DigestValue> PublicOperations::Digest(Hasher hasher) {
  gate::DigestValue digest{hasher.Finish()};
  if (digest.value.empty()) {
    return tl::unexpected(
        TokenUnavailable(Error{Code::kInternal, "the data could not be hashed", ""}));
  }
  return digest;
}

PublicOperations::Outcome<gate::Ciphertext> PublicOperations::Encrypt(
    const gate::Encrypt& request) {
  GRANT_TRY(Token* const token, FindToken(request.token));
  const auto served = cryptoki::EncryptionMechanisms();
  if (std::ranges::count(served, request.mechanism.type) == 0) {
    return NotServed(request.mechanism.type, "encrypts");
  }
  if (request.data.size() > kRawDataBytesMax) {
    return TooLong("to encrypt with a public key", kRawDataBytesMax);
  }
  GRANT_TRY(Bytes encrypted, OnToken([&] {
              return token->Encrypt(request.key_id, request.mechanism, request.data);
            }));
  return gate::Ciphertext{std::move(encrypted)};
}

PublicOperations::Outcome<gate::Random> PublicOperations::Random(const gate::GetRandom& request) {
  GRANT_TRY(Token* const token, FindToken(request.token));
  if (request.bytes > gate::kInlineDataBytesMax) {
    return TooLong("of random data at once", gate::kInlineDataBytesMax);
  }
  GRANT_TRY(Bytes random, OnToken([&] { return token->Random(request.bytes); }));
  return gate::Random{std::move(random)};
}

}  // namespace grant
