// PKCS#11 URIs by p11-kit's parser. This is the only unit that includes p11-kit: its PKCS#11 types
// clash with those of grant/cryptoki/cryptoki.h.
#include <fmt/format.h>
#include <p11-kit/uri.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string_view>

#include "grantd/hsm/token.h"

namespace grant {
namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr size_t kUriBytesMax = 1024;
constexpr std::array<std::string_view, 4> kTokenAttributes = {"token", "serial", "manufacturer",
                                                              "model"};
constexpr std::array<std::string_view, 3> kObjectAttributes = {"object", "id", "type"};

enum class Names { kToken, kKey };

tl::unexpected<Error> Wrong(const std::string& uri, const std::string& what) {
  return Fail(
      Code::kInvalid, fmt::format("the URI '{}' {}", uri, what),
      "write it as pkcs11:token=LABEL;object=LABEL, with serial, manufacturer, model and id "
      "where they are needed");
}

bool Contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status CheckAttribute(const std::string& uri, std::string_view attribute, Names names,
                      std::set<std::string_view>& seen) {
  const size_t equals = attribute.find('=');
  const std::string_view name = attribute.substr(0, equals);
  if (Contains(kObjectAttributes, name) && names == Names::kToken) {
    return Wrong(uri, fmt::format("is to name a token, so it has no '{}'", name));
  }
  if (!Contains(kTokenAttributes, name) && !Contains(kObjectAttributes, name)) {
    return Wrong(uri, fmt::format("has the attribute '{}', which is not supported", name));
  }
  if (equals == std::string_view::npos || equals + 1 == attribute.size()) {
    return Wrong(uri, fmt::format("has no value for '{}'", name));
  }
  if (!seen.insert(name).second) return Wrong(uri, fmt::format("has '{}' twice", name));
  if (name == "type" && attribute != "type=private") {
    return Wrong(uri, "names no private key: leave out type or make it type=private");
  }
  return {};
}

// p11-kit accepts and drops what it does not know, so that a misspelt attribute would widen the
// choice of keys. Hence the names are checked before.
Status CheckAttributes(const std::string& uri, Names names) {
  if (uri.size() > kUriBytesMax) {
    return Fail(Code::kInvalid,
                fmt::format("a PKCS#11 URI is at most {} bytes long", kUriBytesMax));
  }
  // First of all, so that no message repeats a PIN.
  if (uri.find("pin-value") != std::string::npos || uri.find("pin-source") != std::string::npos) {
    return Fail(Code::kInvalid, "a PKCS#11 URI must not carry pin-value or pin-source",
                "put the PIN into the pin_file of the [[token]]");
  }
  std::string_view path = uri;
  if (!path.starts_with(kScheme)) return Wrong(uri, "does not start with pkcs11:");
  path.remove_prefix(kScheme.size());
  if (path.find('?') != std::string_view::npos) {
    return Wrong(uri, "has query attributes after '?', which are not supported");
  }
  std::set<std::string_view> seen;
  while (!path.empty()) {
    const std::string_view attribute = path.substr(0, path.find(';'));
    GRANT_CHECK(CheckAttribute(uri, attribute, names, seen));
    path.remove_prefix(std::min(attribute.size() + 1, path.size()));
  }
  if (names == Names::kToken && seen.empty()) return Wrong(uri, "names no token");
  if (names == Names::kKey && !seen.contains("object") && !seen.contains("id")) {
    return Wrong(uri, "names no key: it needs object, id or both");
  }
  return {};
}

// A field of CK_TOKEN_INFO: blank padded where the URI gave it, zeros where it did not.
template <size_t kBytes>
std::string Field(const unsigned char (&field)[kBytes]) {
  if (field[0] == 0) return {};
  size_t length = kBytes;
  while (length > 0 && field[length - 1] == ' ') --length;
  return {reinterpret_cast<const char*>(field), length};
}

ByteView Attribute(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* const attribute = p11_kit_uri_get_attribute(uri, type);
  if (attribute == nullptr) return {};
  return {static_cast<const uint8_t*>(attribute->pValue), attribute->ulValueLen};
}

Result<KeySelector> Parse(const std::string& text, Names names) {
  GRANT_CHECK(CheckAttributes(text, names));
  const std::unique_ptr<P11KitUri, decltype(&p11_kit_uri_free)> uri(p11_kit_uri_new(),
                                                                    &p11_kit_uri_free);
  if (uri == nullptr) return Fail(Code::kInternal, "out of memory");
  const int code = p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri.get());
  if (code != P11_KIT_URI_OK) return Wrong(text, "is malformed");
  if (p11_kit_uri_any_unrecognized(uri.get())) {
    return Wrong(text, "has a value that fits no token, for instance one that is too long");
  }
  const CK_TOKEN_INFO& token = *p11_kit_uri_get_token_info(uri.get());
  const ByteView id = Attribute(uri.get(), CKA_ID);
  return KeySelector{.token = Field(token.label),
                     .serial = Field(token.serialNumber),
                     .manufacturer = Field(token.manufacturerID),
                     .model = Field(token.model),
                     .object = std::string(AsText(Attribute(uri.get(), CKA_LABEL))),
                     .id = Bytes(id.begin(), id.end())};
}

}  // namespace

Result<KeySelector> ParseKeyUri(const std::string& uri) {
  return Parse(uri, Names::kKey);
}

Result<KeySelector> ParseTokenUri(const std::string& uri) {
  return Parse(uri, Names::kToken);
}

}  // namespace grant
