// A backing module that keeps what it was asked, and signs with "signature".
//
// Objects: kGoverned and kOther are private RSA keys, kPublic is a public one, kSecret a secret
// key. Any session is open whose handle is below kSessionsMax, on slot kSlot. As in SoftHSM, a
// mechanism that does not hash takes no parts, and an operation is ended by what it cannot do.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "grant/cryptoki/cryptoki.h"

namespace grant::test {

inline constexpr CK_OBJECT_HANDLE kGoverned = 1;
inline constexpr CK_OBJECT_HANDLE kOther = 2;
inline constexpr CK_OBJECT_HANDLE kPublic = 3;
inline constexpr CK_OBJECT_HANDLE kSecret = 4;
inline constexpr CK_SESSION_HANDLE kSessionsMax = 100;
inline constexpr CK_SLOT_ID kSlot = 5;
inline constexpr const char* kSignature = "signature";

struct FakeBacking {
  struct Operation {
    CK_MECHANISM_TYPE mechanism = 0;
    CK_OBJECT_HANDLE key = 0;
    bool has_parts = false;
  };

  std::map<std::string, int> calls;                       // by function
  std::map<std::string, CK_RV> answers;                   // instead of doing it
  std::function<void(const std::string& function)> hook;  // called at the start of each
  std::map<CK_SESSION_HANDLE, Operation> operations;
  std::map<CK_SESSION_HANDLE, Operation> messages;
  int signatures = 0;  // that were made
};

// What the module exports beside the standard's functions.
using GetFakeBacking = FakeBacking* (*)();
inline constexpr const char* kGetFakeBacking = "GetFakeBacking";

}  // namespace grant::test
