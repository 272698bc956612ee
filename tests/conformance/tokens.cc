// Slots, tokens, mechanisms; initialising a token and its PINs, on a slot that is still free.
#include <algorithm>
#include <cstdio>

#include "grant/cryptoki/names.h"
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

constexpr CK_SLOT_ID kNoSlot = 0x7fffffff;

std::string FlagsOf(CK_FLAGS flags) {
  char text[32];
  std::snprintf(text, sizeof text, "flags 0x%lx", static_cast<unsigned long>(flags));
  return text;
}

CK_RV SlotList(const Host& host, bool present, std::vector<CK_SLOT_ID>& slots) {
  CK_ULONG count = 0;
  host.p11->C_GetSlotList(present ? CK_TRUE : CK_FALSE, nullptr, &count);
  slots.resize(count);
  return host.p11->C_GetSlotList(present ? CK_TRUE : CK_FALSE, slots.data(), &count);
}

void Slots(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  for (const CK_BBOOL present : {CK_FALSE, CK_TRUE}) {
    const std::string which = present == CK_TRUE ? "with token, " : "all, ";
    CK_ULONG count = 0;
    CK_RV rv = p11->C_GetSlotList(present, nullptr, &count);
    host.report("C_GetSlotList", which + "for the count", rv, std::to_string(count) + " slots");
    CK_SLOT_ID slots[64];
    count = 0;
    rv = p11->C_GetSlotList(present, slots, &count);
    host.report("C_GetSlotList", which + "room for none", rv, std::to_string(count) + " slots");
    count = 64;
    rv = p11->C_GetSlotList(present, slots, &count);
    host.report("C_GetSlotList", which + "room for all", rv, std::to_string(count) + " slots");
    host.report("C_GetSlotList", which + "no place for the count",
                p11->C_GetSlotList(present, slots, nullptr));
  }
  CK_SLOT_INFO slot{};
  CK_RV rv = p11->C_GetSlotInfo(host.slot, &slot);
  host.report("C_GetSlotInfo", "the token's slot", rv, FlagsOf(slot.flags));
  host.report("C_GetSlotInfo", "no such slot", p11->C_GetSlotInfo(kNoSlot, &slot));
  host.report("C_GetSlotInfo", "no place", p11->C_GetSlotInfo(host.slot, nullptr));
  CK_TOKEN_INFO token{};
  rv = p11->C_GetTokenInfo(host.slot, &token);
  host.report("C_GetTokenInfo", "the token", rv,
              FlagsOf(token.flags) + ", PIN " + std::to_string(token.ulMinPinLen) + " to " +
                  std::to_string(token.ulMaxPinLen));
  host.report("C_GetTokenInfo", "no such slot", p11->C_GetTokenInfo(kNoSlot, &token));
  host.report("C_GetTokenInfo", "no place", p11->C_GetTokenInfo(host.slot, nullptr));
  CK_SLOT_ID event = 0;
  host.report("C_WaitForSlotEvent", "without waiting",
              p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, nullptr));
}

void Mechanisms(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_ULONG count = 0;
  CK_RV rv = p11->C_GetMechanismList(host.slot, nullptr, &count);
  host.report("C_GetMechanismList", "for the count", rv, std::to_string(count));
  std::vector<CK_MECHANISM_TYPE> types(std::max<CK_ULONG>(count, 1));
  CK_ULONG room = 1;
  rv = p11->C_GetMechanismList(host.slot, types.data(), &room);
  host.report("C_GetMechanismList", "room for one", rv, std::to_string(room));
  rv = p11->C_GetMechanismList(host.slot, types.data(), &count);
  host.report("C_GetMechanismList", "room for all", rv, std::to_string(count));
  host.report("C_GetMechanismList", "no such slot",
              p11->C_GetMechanismList(kNoSlot, nullptr, &count));
  types.resize(rv == CKR_OK ? count : 0);
  std::sort(types.begin(), types.end());
  CK_MECHANISM_INFO info{};
  for (const CK_MECHANISM_TYPE type : types) {
    rv = p11->C_GetMechanismInfo(host.slot, type, &info);
    host.report("C_GetMechanismInfo", cryptoki::MechanismName(type), rv,
                FlagsOf(info.flags) + ", " + std::to_string(info.ulMinKeySize) + " to " +
                    std::to_string(info.ulMaxKeySize));
  }
  host.report("C_GetMechanismInfo", "a mechanism of nobody",
              p11->C_GetMechanismInfo(host.slot, CKM_VENDOR_DEFINED | 0x123, &info));
  host.report("C_GetMechanismInfo", "no such slot",
              p11->C_GetMechanismInfo(kNoSlot, CKM_RSA_PKCS, &info));
}

CK_SLOT_ID FreeSlot(const Host& host) {
  std::vector<CK_SLOT_ID> slots;
  SlotList(host, true, slots);
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (host.p11->C_GetTokenInfo(slot, &info) == CKR_OK &&
        (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
      return slot;
    }
  }
  return kNoSlot;
}

CK_UTF8CHAR* Pin(std::string& text) {
  return reinterpret_cast<CK_UTF8CHAR*>(text.data());
}

void Initialisation(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  std::string so_pin = "so-87654321";
  std::string pin = "12345678";
  std::string other_pin = "23456789";
  std::string wrong_pin = "99999999";
  std::string short_pin = "1";
  std::string label(32, ' ');
  label.replace(0, 7, "scratch");
  const CK_SLOT_ID slot = FreeSlot(host);
  host.report("C_InitToken", "no such slot",
              p11->C_InitToken(kNoSlot, Pin(so_pin), so_pin.size(), Pin(label)));
  host.report("C_InitToken", "PIN too short",
              p11->C_InitToken(slot, Pin(short_pin), short_pin.size(), Pin(label)));
  host.report("C_InitToken", "a free slot",
              p11->C_InitToken(slot, Pin(so_pin), so_pin.size(), Pin(label)));
  CK_SESSION_HANDLE session = 0;
  host.report(
      "C_OpenSession", "the new token, read/write",
      p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session));
  host.report("C_InitToken", "with a session open",
              p11->C_InitToken(slot, Pin(so_pin), so_pin.size(), Pin(label)));
  host.report("C_Login", "user without a PIN yet", host.LogIn(session, CKU_USER, pin));
  host.report("C_InitPIN", "not logged in", p11->C_InitPIN(session, Pin(pin), pin.size()));
  host.report("C_Login", "security officer, wrong", host.LogIn(session, CKU_SO, wrong_pin));
  host.report("C_Login", "security officer", host.LogIn(session, CKU_SO, so_pin));
  host.report("C_InitPIN", "too short", p11->C_InitPIN(session, Pin(short_pin), short_pin.size()));
  host.report("C_InitPIN", "", p11->C_InitPIN(session, Pin(pin), pin.size()));
  host.report("C_SetPIN", "the security officer's, wrong old one",
              p11->C_SetPIN(session, Pin(wrong_pin), wrong_pin.size(), Pin(pin), pin.size()));
  host.report("C_Logout", "security officer", p11->C_Logout(session));
  host.report("C_SetPIN", "the user's, wrong old one",
              p11->C_SetPIN(session, Pin(wrong_pin), wrong_pin.size(), Pin(pin), pin.size()));
  host.report("C_SetPIN", "the user's",
              p11->C_SetPIN(session, Pin(pin), pin.size(), Pin(other_pin), other_pin.size()));
  host.report("C_Login", "user, old PIN", host.LogIn(session, CKU_USER, pin));
  host.report("C_Login", "user, new PIN", host.LogIn(session, CKU_USER, other_pin));
  host.report("C_CloseAllSessions", "of the new token", p11->C_CloseAllSessions(slot));
  host.report("C_InitToken", "again, wrong PIN",
              p11->C_InitToken(slot, Pin(wrong_pin), wrong_pin.size(), Pin(label)));
  host.report("C_InitToken", "again",
              p11->C_InitToken(slot, Pin(so_pin), so_pin.size(), Pin(label)));
}

}  // namespace

void Tokens(const Host& host) {
  Slots(host);
  Mechanisms(host);
  Initialisation(host);
}

}  // namespace grant::conformance
