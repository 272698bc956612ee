// What the module says of itself (PKCS #11 v2.40, 5.4).
#include <charconv>
#include <string_view>

#include "pkcs11/broker/functions.h"
#include "pkcs11/padded.h"

namespace grant::pkcs11::broker {
namespace {

// Major and minor of "0.1.0".
CK_VERSION LibraryVersion() {
  constexpr std::string_view kVersion = GRANT_VERSION;
  CK_VERSION version{};
  const char* end = kVersion.data() + kVersion.size();
  const auto [dot, error] = std::from_chars(kVersion.data(), end, version.major);
  if (error == std::errc() && dot != end) std::from_chars(dot + 1, end, version.minor);
  return version;
}

Status Describe(CK_INFO_PTR info, CK_VERSION cryptoki) {
  if (info == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  *info = {};
  info->cryptokiVersion = cryptoki;
  Pad("grantd", info->manufacturerID);
  Pad("grant-pkcs11", info->libraryDescription);
  info->libraryVersion = LibraryVersion();
  return {};
}

}  // namespace

Status GetInfo(Broker&, CK_INFO_PTR info) {
  return Describe(info, {3, 0});
}

Status GetInfo240(Broker&, CK_INFO_PTR info) {
  return Describe(info, {2, 40});
}

}  // namespace grant::pkcs11::broker
