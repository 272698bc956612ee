#include "grantd/domain/distinguished_name.h"

#include <algorithm>
#include <array>
#include <utility>

#include "grantd/domain/text.h"

namespace grant {
namespace {

constexpr std::array<std::string_view, 12> kTypes{
    "CN", "O", "OU", "C", "ST", "L", "DC", "UID", "SN", "GN", "serialNumber", "emailAddress"};

constexpr const char* kSubjectHint = "write it as in 'CN=Release signing,O=Example,C=DE'";

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool EqualInAnyCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<std::string> TypeNamed(std::string_view name) {
  const auto* type = std::find_if(kTypes.begin(), kTypes.end(), [&](std::string_view known) {
    return EqualInAnyCase(known, name);
  });
  if (type != kTypes.end()) return std::string(*type);
  std::string known;
  for (const std::string_view each : kTypes) {
    known += (known.empty() ? "" : ", ") + std::string(each);
  }
  return Fail(Code::kInvalid,
              "the subject has the unknown attribute '" + std::string(name.substr(0, 32)) + "'",
              "known are: " + known);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Takes what a backslash escapes off the front of `rest`, which stands behind the backslash.
Result<char> TakeEscaped(std::string_view& rest) {
  constexpr std::string_view kSpecial = ",+\"\\<>;=# ";
  if (!rest.empty() && kSpecial.find(rest.front()) != std::string_view::npos) {
    const char special = rest.front();
    rest.remove_prefix(1);
    return special;
  }
  if (rest.size() < 2 || HexDigit(rest[0]) < 0 || HexDigit(rest[1]) < 0) {
    return Fail(Code::kInvalid,
                "the subject has a backslash before what is neither a special character nor two "
                "hex digits",
                "write a backslash itself as \\\\ and a comma as \\,");
  }
  const char byte = static_cast<char>(HexDigit(rest[0]) << 4 | HexDigit(rest[1]));
  rest.remove_prefix(2);
  return byte;
}

// Takes the value off the front of `rest`, up to a comma that nothing escapes, and the comma.
Result<std::string> TakeValue(std::string_view& rest) {
  std::string value;
  size_t kept = 0;  // how much of it an escape protects from being trimmed
  while (!rest.empty() && rest.front() != ',') {
    if (rest.front() == '\\') {
      rest.remove_prefix(1);
      GRANT_TRY(const char escaped, TakeEscaped(rest));
      value += escaped;
      kept = value.size();
      continue;
    }
    value += rest.front();
    rest.remove_prefix(1);
  }
  while (value.size() > kept && value.ends_with(' ')) value.pop_back();
  return value;
}

Status CheckValue(const NamePart& part) {
  const std::string what = "the subject's " + part.type;
  if (part.value.empty()) return Fail(Code::kInvalid, what + " is empty", kSubjectHint);
  GRANT_CHECK(CheckText(part.value, kSubjectValueBytesMax, what));
  if (part.value.find_first_of("\n\t") != std::string::npos) {
    return Fail(Code::kInvalid, what + " has more than one line", kSubjectHint);
  }
  if (part.type == "C" &&
      (part.value.size() != 2 ||
       part.value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos)) {
    return Fail(Code::kInvalid, "the subject's C is not a country of two capital letters",
                "as in C=DE");
  }
  return {};
}

}  // namespace

Result<std::vector<NamePart>> ParseDistinguishedName(std::string_view text) {
  if (text.size() > kSubjectBytesMax) {
    return Fail(Code::kTooLarge,
                "the subject is longer than " + std::to_string(kSubjectBytesMax) + " bytes");
  }
  std::vector<NamePart> parts;
  std::string_view rest = text;
  bool more = true;
  while (more) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) {
      return Fail(Code::kInvalid, "the subject has a part without '='", kSubjectHint);
    }
    NamePart part;
    GRANT_TRY(part.type, TypeNamed(Trimmed(rest.substr(0, equals))));
    rest.remove_prefix(equals + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    GRANT_TRY(part.value, TakeValue(rest));
    GRANT_CHECK(CheckValue(part));
    parts.push_back(std::move(part));
    if (parts.size() > kSubjectPartsMax) {
      return Fail(Code::kTooLarge,
                  "the subject has more than " + std::to_string(kSubjectPartsMax) + " parts");
    }
    more = !rest.empty();
    if (more) rest.remove_prefix(1);
  }
  return parts;
}

Result<AlternativeName> ParseAlternativeName(std::string_view text) {
  using Kind = AlternativeName::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 4> kKinds{
      {{"DNS:", Kind::kDns}, {"IP:", Kind::kIp}, {"email:", Kind::kEmail}, {"URI:", Kind::kUri}}};
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& known) {
    return EqualInAnyCase(known.first, text.substr(0, known.first.size()));
  });
  if (kind == kKinds.end()) {
    return Fail(Code::kInvalid,
                "'" + Harmless(text.substr(0, 64), '?', false) + "' is no alternative name",
                "write it as DNS:NAME, IP:ADDRESS, email:ADDRESS or URI:ADDRESS");
  }
  AlternativeName name{kind->second, std::string(text.substr(kind->first.size()))};
  const bool printable = std::all_of(name.value.begin(), name.value.end(),
                                     [](char c) { return c > ' ' && c < '\x7F'; });
  if (name.value.empty() || name.value.size() > kAlternativeNameBytesMax || !printable) {
    return Fail(Code::kInvalid,
                "an alternative name is 1 to " + std::to_string(kAlternativeNameBytesMax) +
                    " printable ASCII characters without blanks",
                "write names in other scripts in their ASCII form: xn--...");
  }
  return name;
}

}  // namespace grant
