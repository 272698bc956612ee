#include "tests/conformance/report.h"

#include <cstdio>
#include <cstring>

#include "grant/cryptoki/names.h"

namespace grant::conformance {

CK_RV Report::operator()(const char* function, const std::string& arguments, CK_RV rv,
                         const std::string& outcome) const {
  std::printf("%-22s %-58s %s%s%s\n", function, arguments.c_str(),
              cryptoki::ReturnValueName(rv).c_str(), outcome.empty() ? "" : ", ", outcome.c_str());
  std::fflush(stdout);
  return rv;
}

CK_SESSION_HANDLE Host::OpenSession(CK_FLAGS more) const {
  CK_SESSION_HANDLE session = 0;
  p11->C_OpenSession(slot, CKF_SERIAL_SESSION | more, nullptr, nullptr, &session);
  return session;
}

CK_RV Host::LogIn(CK_SESSION_HANDLE session, CK_USER_TYPE user, std::string pin_text) const {
  return p11->C_Login(session, user, reinterpret_cast<CK_UTF8CHAR*>(pin_text.data()),
                      pin_text.size());
}

CK_OBJECT_HANDLE Host::Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                            const std::string& with_label) const {
  Template wanted;
  wanted.Number(CKA_CLASS, object_class).Text(CKA_LABEL, with_label);
  CK_OBJECT_HANDLE object = 0;
  CK_ULONG count = 0;
  if (p11->C_FindObjectsInit(session, wanted.data(), wanted.size()) != CKR_OK) return 0;
  if (p11->C_FindObjects(session, &object, 1, &count) != CKR_OK || count == 0) object = 0;
  p11->C_FindObjectsFinal(session);
  return object;
}

Template& Template::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  values_.emplace_back(type, std::string(reinterpret_cast<const char*>(&value), sizeof value));
  return *this;
}

Template& Template::Truth(CK_ATTRIBUTE_TYPE type, bool value) {
  values_.emplace_back(type, std::string(1, static_cast<char>(value ? CK_TRUE : CK_FALSE)));
  return *this;
}

Template& Template::Text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
  values_.emplace_back(type, value);
  return *this;
}

CK_ATTRIBUTE_PTR Template::data() {
  attributes_.clear();
  for (auto& [type, value] : values_) attributes_.push_back({type, value.data(), value.size()});
  return attributes_.data();
}

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

Buffer Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace grant::conformance
