#include "grantd/domain/email_address.h"

#include <algorithm>
#include <string>

namespace grant {
namespace {

constexpr size_t kLocalBytesMax = 64;  // RFC 5321, 4.5.3.1.1
constexpr size_t kLabelBytesMax = 63;  // RFC 1035, 2.3.4

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool IsAtomText(char c) {
  return IsAlphanumeric(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Whether `text` is parts between dots, none empty, each as `good` says.
template <typename Good>
bool IsDotted(std::string_view text, const Good& good) {
  while (true) {
    const size_t dot = text.find('.');
    if (!good(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsAtom(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), IsAtomText);
}

bool IsLabel(std::string_view part) {
  return !part.empty() && part.size() <= kLabelBytesMax && part.front() != '-' &&
         part.back() != '-' && std::all_of(part.begin(), part.end(), [](char c) {
           return IsAlphanumeric(c) || c == '-';
         });
}

}  // namespace

Status CheckEmailAddress(std::string_view address) {
  const size_t at = address.find('@');
  if (address.size() <= kEmailBytesMax && at != std::string_view::npos && at <= kLocalBytesMax &&
      IsDotted(address.substr(0, at), IsAtom) && IsDotted(address.substr(at + 1), IsLabel)) {
    return {};
  }
  std::string shown(address.substr(0, kEmailBytesMax));
  std::replace_if(
      shown.begin(), shown.end(), [](unsigned char c) { return c < ' ' || c >= 0x7f; }, '?');
  return Fail(Code::kInvalid, "'" + shown + "' is no e-mail address",
              "write the address alone, as in bob@example.com");
}

}  // namespace grant
