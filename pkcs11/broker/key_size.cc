#include "pkcs11/broker/key_size.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string_view>

namespace grant::pkcs11 {
namespace {

// CKA_EC_PARAMS names a curve by its object identifier or, for Edwards curves, by a
// PrintableString, both in DER.
struct Curve {
  std::string_view parameters;
  size_t signature_bytes;
};

// The text of a literal, zero bytes and all.
template <size_t N>
consteval std::string_view Der(const char (&literal)[N]) {
  return {literal, N - 1};
}

constexpr Curve kWeierstrass[] = {
    {Der("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x01"), 48},       // P-192
    {Der("\x06\x05\x2b\x81\x04\x00\x21"), 56},                   // P-224
    {Der("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), 64},       // P-256
    {Der("\x06\x05\x2b\x81\x04\x00\x22"), 96},                   // P-384
    {Der("\x06\x05\x2b\x81\x04\x00\x23"), 132},                  // P-521
    {Der("\x06\x05\x2b\x81\x04\x00\x0a"), 64},                   // secp256k1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x07"), 64},   // brainpoolP256r1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x08"), 64},   // brainpoolP256t1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"), 96},   // brainpoolP384r1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0c"), 96},   // brainpoolP384t1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"), 128},  // brainpoolP512r1
    {Der("\x06\x09\x2b\x24\x03\x03\x02\x08\x01\x01\x0e"), 128},  // brainpoolP512t1
};

constexpr Curve kEdwards[] = {
    {Der("\x06\x03\x2b\x65\x70"), 64},                          // id-Ed25519
    {Der("\x06\x03\x2b\x65\x71"), 114},                         // id-Ed448
    {Der("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"), 64},  // Ed25519 before RFC 8410
    {Der("\x13\x0c"
         "edwards25519"),
     64},
    {Der("\x13\x0a"
         "edwards448"),
     114},
};

template <size_t N>
std::optional<size_t> FindCurve(const Curve (&curves)[N], const Object& key) {
  const gate::AttributeRecord* parameters = key.Find(CKA_EC_PARAMS);
  if (parameters == nullptr) return {};
  const auto* found = std::ranges::find(curves, AsText(parameters->value), &Curve::parameters);
  if (found == std::end(curves)) return {};
  return found->signature_bytes;
}

}  // namespace

std::optional<size_t> ModulusBits(const Object& key) {
  const gate::AttributeRecord* modulus = key.Find(CKA_MODULUS);
  if (modulus == nullptr) return {};
  auto top = std::ranges::find_if(modulus->value, [](uint8_t byte) { return byte != 0; });
  if (top == modulus->value.end()) return {};
  const auto rest = static_cast<size_t>(std::distance(top, modulus->value.end()) - 1);
  return 8 * rest + static_cast<size_t>(std::bit_width(*top));
}

std::optional<size_t> SignatureBytes(const Object& key, cryptoki::Scheme scheme) {
  switch (scheme) {
    case cryptoki::Scheme::kEcdsa:
      return FindCurve(kWeierstrass, key);
    case cryptoki::Scheme::kEddsa:
      return FindCurve(kEdwards, key);
    case cryptoki::Scheme::kRsaPkcs1:
    case cryptoki::Scheme::kRsaPss:
    case cryptoki::Scheme::kRsaRaw:
      break;
  }
  const std::optional<size_t> bits = ModulusBits(key);
  if (!bits) return {};
  return (*bits + 7) / 8;
}

Result<size_t> RequiredSignatureBytes(const Object& key, const cryptoki::MechanismFacts& facts) {
  if (const std::optional<size_t> bytes = SignatureBytes(key, facts.scheme)) return *bytes;
  return Fail(facts.key_type == CKK_RSA ? CKR_KEY_SIZE_RANGE : CKR_CURVE_NOT_SUPPORTED,
              "the key does not say how long its signatures are");
}

}  // namespace grant::pkcs11
