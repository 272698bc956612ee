// What the sections of the conformance program share: the module, the token, and the report.
//
// The report has one line a call: the function, its arguments in words, the answer, and what came
// back as far as it is the same in each run. Nothing that a call answers ends the program: a call
// that should have made something and did not leaves 0 behind, and the calls that need it say so.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "grant/cryptoki/cryptoki.h"

namespace grant::conformance {

using Buffer = std::vector<CK_BYTE>;

class Report {
 public:
  // Writes the line, and gives the answer back.
  CK_RV operator()(const char* function, const std::string& arguments, CK_RV rv,
                   const std::string& outcome = "") const;
};

struct Host {
  CK_FUNCTION_LIST* p11 = nullptr;
  Report report;
  std::string label;  // of the token
  std::string pin;
  CK_SLOT_ID slot = 0;

  CK_SESSION_HANDLE OpenSession(CK_FLAGS more = CKF_RW_SESSION) const;
  CK_RV LogIn(CK_SESSION_HANDLE session, CK_USER_TYPE user, std::string pin_text) const;
  // The first object of that class and label; 0 where there is none.
  CK_OBJECT_HANDLE Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                        const std::string& with_label) const;
};

// A template that owns its values.
class Template {
 public:
  Template& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Template& Truth(CK_ATTRIBUTE_TYPE type, bool value);
  Template& Text(CK_ATTRIBUTE_TYPE type, std::string_view value);
  CK_ATTRIBUTE_PTR data();
  CK_ULONG size() const { return values_.size(); }

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, std::string>> values_;
  std::vector<CK_ATTRIBUTE> attributes_;
};

std::string Hex(std::string_view bytes);
Buffer Bytes(std::string_view text);

// The keys that sign, of which a signer may govern each: on the token, made by Prepare.
inline constexpr const char* kSigningKeys[] = {"sign-rsa", "sign-ec", "sign-ed", "sign-dsa"};
void Prepare(const Host& host);

// The sections, in the order of the report.
void BeforeInitialisation(const Host& host);
void Library(const Host& host);
void Tokens(const Host& host);
void Sessions(const Host& host);
void Objects(const Host& host);
void Digests(const Host& host);
void Encryption(const Host& host);
void Macs(const Host& host);
void KeyManagement(const Host& host);
void Signing(const Host& host);
void Unsupported(const Host& host);

}  // namespace grant::conformance
