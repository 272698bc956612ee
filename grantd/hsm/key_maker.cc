#include "grantd/hsm/key_maker.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "grantd/hsm/attribute_tables.h"

namespace grant {
namespace {

constexpr std::string_view kP256Curve("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10);
constexpr std::string_view kP384Curve("\x06\x05\x2b\x81\x04\x00\x22", 7);
// The curve's object identifier (RFC 8410); tokens of the PKCS#11 3.0 drafts know its name alone.
constexpr std::string_view kEd25519Curve("\x06\x03\x2b\x65\x70", 5);
constexpr std::string_view kEd25519Name(
    "\x13\x0c"
    "edwards25519",
    14);

constexpr std::array<CK_MECHANISM_TYPE, 8> kRsaMechanisms{
    CKM_RSA_PKCS,     CKM_SHA256_RSA_PKCS,     CKM_SHA384_RSA_PKCS,     CKM_SHA512_RSA_PKCS,
    CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS};
constexpr std::array<CK_MECHANISM_TYPE, 4> kEcMechanisms{CKM_ECDSA, CKM_ECDSA_SHA256,
                                                         CKM_ECDSA_SHA384, CKM_ECDSA_SHA512};
constexpr std::array<CK_MECHANISM_TYPE, 1> kEdwardsMechanisms{CKM_EDDSA};

struct Recipe {
  CK_MECHANISM_TYPE mechanism;
  CK_KEY_TYPE type;
  CK_ULONG modulus_bits;                   // 0 of a key on a curve
  std::array<std::string_view, 2> curves;  // ways to name it, to be tried in turn
  std::span<const CK_MECHANISM_TYPE> mechanisms;
};

Recipe Rsa(CK_ULONG bits) {
  return {CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, bits, {}, kRsaMechanisms};
}

Recipe RecipeFor(NewKeyType type) {
  switch (type) {
    case NewKeyType::kRsa2048:
      return Rsa(2048);
    case NewKeyType::kRsa3072:
      return Rsa(3072);
    case NewKeyType::kRsa4096:
      return Rsa(4096);
    case NewKeyType::kP256:
      return {CKM_EC_KEY_PAIR_GEN, CKK_EC, 0, {kP256Curve}, kEcMechanisms};
    case NewKeyType::kP384:
      return {CKM_EC_KEY_PAIR_GEN, CKK_EC, 0, {kP384Curve}, kEcMechanisms};
    case NewKeyType::kEd25519:
      break;
  }
  return {CKM_EC_EDWARDS_KEY_PAIR_GEN,
          CKK_EC_EDWARDS,
          0,
          {kEd25519Curve, kEd25519Name},
          kEdwardsMechanisms};
}

// An attribute that is wanted, but that a key may do without.
struct Extra {
  CK_ATTRIBUTE_TYPE type;
  const char* name;
};
constexpr std::array kExtras{Extra{CKA_ALLOWED_MECHANISMS, "CKA_ALLOWED_MECHANISMS"},
                             Extra{CKA_DESTROYABLE, "CKA_DESTROYABLE"},
                             Extra{CKA_COPYABLE, "CKA_COPYABLE"},
                             Extra{CKA_MODIFIABLE, "CKA_MODIFIABLE"}};
using Extras = std::array<bool, kExtras.size()>;  // which of them are asked for

// What to try in turn: all of them, all but one, and then fewer and fewer.
std::vector<Extras> Attempts() {
  Extras all{};
  all.fill(true);
  std::vector<Extras> attempts{all};
  for (size_t i = 0; i < all.size(); ++i) {
    attempts.push_back(all);
    attempts.back()[i] = false;
  }
  Extras fewer = all;
  fewer[0] = false;
  for (size_t i = 1; i < all.size(); ++i) {
    fewer[i] = false;
    attempts.push_back(fewer);
  }
  return attempts;
}

// Whether the token finds fault with the template, so that one that asks for less may do. What may
// pass by itself is no such answer: a key must not become a weaker one by it.
bool IsAboutTheTemplate(CK_RV rv) {
  switch (rv) {
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_VALUE_INVALID:
    case CKR_ATTRIBUTE_READ_ONLY:
    case CKR_TEMPLATE_INCONSISTENT:
    case CKR_ARGUMENTS_BAD:
      return true;
    default:
      return false;
  }
}

// Whether the token may not know the curve under this name.
bool MayBeAboutTheCurve(CK_RV rv) {
  switch (rv) {
    case CKR_CURVE_NOT_SUPPORTED:
    case CKR_DOMAIN_PARAMS_INVALID:
    case CKR_GENERAL_ERROR:  // what SoftHSM says of a name that it does not know
    case CKR_FUNCTION_FAILED:
      return true;
    default:
      return false;
  }
}

class Maker {
 public:
  Maker(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session, const KeyToMake& wanted)
      : functions_(functions),
        session_(session),
        label_(wanted.label),
        id_(wanted.id),
        recipe_(RecipeFor(wanted.type)) {}

  SessionResult<bool> LabelIsTaken();
  SessionResult<MadeKey> Make();

 private:
  CK_RV Generate(const Extras& extras, std::string_view curve);
  std::vector<CK_ATTRIBUTE> PublicTemplate(std::string_view curve);
  std::vector<CK_ATTRIBUTE> PrivateTemplate(const Extras& extras);
  CK_ATTRIBUTE Label() { return {CKA_LABEL, label_.data(), label_.size()}; }
  CK_ATTRIBUTE Id() { return {CKA_ID, id_.data(), id_.size()}; }
  CK_ATTRIBUTE Yes(CK_ATTRIBUTE_TYPE type) { return {type, &yes_, sizeof yes_}; }
  CK_ATTRIBUTE No(CK_ATTRIBUTE_TYPE type) { return {type, &no_, sizeof no_}; }

  CK_FUNCTION_LIST* functions_;
  CK_SESSION_HANDLE session_;
  std::string label_;
  Bytes id_;
  Recipe recipe_;
  CK_BBOOL yes_ = CK_TRUE;
  CK_BBOOL no_ = CK_FALSE;
  std::array<CK_BYTE, 3> exponent_{1, 0, 1};
};

SessionResult<bool> Maker::LabelIsTaken() {
  std::array<CK_ATTRIBUTE, 2> pattern{Yes(CKA_TOKEN), Label()};
  CK_RV rv = functions_->C_FindObjectsInit(session_, pattern.data(), pattern.size());
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_FindObjectsInit", rv));
  CK_OBJECT_HANDLE found = 0;
  CK_ULONG count = 0;
  rv = functions_->C_FindObjects(session_, &found, 1, &count);
  functions_->C_FindObjectsFinal(session_);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_FindObjects", rv));
  return count > 0;
}

std::vector<CK_ATTRIBUTE> Maker::PublicTemplate(std::string_view curve) {
  std::vector<CK_ATTRIBUTE> attributes{Yes(CKA_TOKEN),
                                       No(CKA_PRIVATE),
                                       Yes(CKA_VERIFY),
                                       No(CKA_ENCRYPT),
                                       No(CKA_WRAP),
                                       Label(),
                                       Id()};
  if (recipe_.modulus_bits != 0) {
    attributes.push_back({CKA_MODULUS_BITS, &recipe_.modulus_bits, sizeof recipe_.modulus_bits});
    attributes.push_back({CKA_PUBLIC_EXPONENT, exponent_.data(), exponent_.size()});
  } else {
    attributes.push_back({CKA_EC_PARAMS, const_cast<char*>(curve.data()), curve.size()});
  }
  return attributes;
}

std::vector<CK_ATTRIBUTE> Maker::PrivateTemplate(const Extras& extras) {
  std::vector<CK_ATTRIBUTE> attributes{Yes(CKA_TOKEN),
                                       Yes(CKA_PRIVATE),
                                       Yes(CKA_SENSITIVE),
                                       No(CKA_EXTRACTABLE),
                                       Yes(CKA_SIGN),
                                       No(CKA_DECRYPT),
                                       No(CKA_SIGN_RECOVER),
                                       No(CKA_UNWRAP),
                                       No(CKA_DERIVE),
                                       Label(),
                                       Id()};
  for (size_t i = 0; i < kExtras.size(); ++i) {
    if (!extras[i]) continue;
    if (kExtras[i].type == CKA_ALLOWED_MECHANISMS) {
      attributes.push_back({CKA_ALLOWED_MECHANISMS,
                            const_cast<CK_MECHANISM_TYPE*>(recipe_.mechanisms.data()),
                            recipe_.mechanisms.size_bytes()});
    } else {
      attributes.push_back(No(kExtras[i].type));
    }
  }
  return attributes;
}

CK_RV Maker::Generate(const Extras& extras, std::string_view curve) {
  std::vector<CK_ATTRIBUTE> of_public = PublicTemplate(curve);
  std::vector<CK_ATTRIBUTE> of_private = PrivateTemplate(extras);
  CK_MECHANISM mechanism{recipe_.mechanism, nullptr, 0};
  CK_OBJECT_HANDLE public_key = 0;
  CK_OBJECT_HANDLE private_key = 0;
  return functions_->C_GenerateKeyPair(session_, &mechanism, of_public.data(), of_public.size(),
                                       of_private.data(), of_private.size(), &public_key,
                                       &private_key);
}

SessionResult<MadeKey> Maker::Make() {
  CK_RV rv = CKR_OK;
  for (const Extras& extras : Attempts()) {
    bool less_may_do = false;
    for (const std::string_view curve : recipe_.curves) {
      if (curve.empty() && recipe_.modulus_bits == 0) continue;
      rv = Generate(extras, curve);
      if (rv == CKR_OK) {
        MadeKey made;
        for (size_t i = 0; i < kExtras.size(); ++i) {
          if (!extras[i]) made.left_out.emplace_back(kExtras[i].name);
        }
        return made;
      }
      less_may_do = less_may_do || IsAboutTheTemplate(rv);
      const bool other_name_may_do = recipe_.modulus_bits == 0 && MayBeAboutTheCurve(rv);
      if (!IsAboutTheTemplate(rv) && !other_name_may_do) {
        return tl::make_unexpected(MakeSessionFailure("C_GenerateKeyPair", rv));
      }
      if (recipe_.modulus_bits != 0) break;
    }
    if (!less_may_do) break;
  }
  return tl::make_unexpected(MakeSessionFailure("C_GenerateKeyPair", rv));
}

}  // namespace

SessionResult<MadeKey> MakeKey(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                               const KeyToMake& wanted) {
  Maker maker(functions, session, wanted);
  GRANT_TRY(const bool taken, maker.LabelIsTaken());
  if (taken) return MadeKey{true, {}};
  return maker.Make();
}

}  // namespace grant
