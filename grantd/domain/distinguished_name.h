// The subject of a certificate request as a person writes it: "CN=Release 2026,O=Example". A subset
// of RFC 4514: names of attributes in any case, "\" before a special character or two hex digits;
// in the order in which it is written, so the first stands first in the certificate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"

namespace grant {

inline constexpr size_t kSubjectBytesMax = 1024;
inline constexpr size_t kSubjectPartsMax = 16;
inline constexpr size_t kSubjectValueBytesMax = 256;

struct NamePart {
  std::string type;   // as OpenSSL calls it: "CN"
  std::string value;  // UTF-8, printable, not empty
  bool operator==(const NamePart&) const = default;
};

// Errors: kInvalid, which names the part.
Result<std::vector<NamePart>> ParseDistinguishedName(std::string_view text);

inline constexpr size_t kAlternativeNameBytesMax = 253;
inline constexpr size_t kAlternativeNamesMax = 32;

// A subject alternative name: "DNS:build.example.com", "IP:192.0.2.1", "email:a@example.com",
// "URI:https://example.com".
struct AlternativeName {
  enum class Kind { kDns, kIp, kEmail, kUri };
  Kind kind = Kind::kDns;
  std::string value;  // printable ASCII without blanks, not empty; an IP address is not parsed here
  bool operator==(const AlternativeName&) const = default;
};

Result<AlternativeName> ParseAlternativeName(std::string_view text);

}  // namespace grant
