// Slots, their tokens and mechanisms (PKCS #11 v2.40, 5.5).
#include <algorithm>

#include "grant/cryptoki/mechanism.h"
#include "pkcs11/broker/functions.h"
#include "pkcs11/broker/login.h"
#include "pkcs11/list_answer.h"
#include "pkcs11/padded.h"

namespace grant::pkcs11::broker {
namespace {

// Of the backing token's flags, those that stay true for a host that talks to grantd: the token's
// PIN, its counters, clock and operation states are grantd's.
constexpr CK_FLAGS kTokenFlagsKept = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_RNG;

bool IsOffered(const gate::MechanismRecord& mechanism) {
  return cryptoki::UsesServed(mechanism.type) != 0;
}

}  // namespace

Status GetSlotList(Broker& broker, CK_BBOOL token_present, CK_SLOT_ID_PTR slots,
                   CK_ULONG_PTR count) {
  if (count == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(std::vector<TokenRef> tokens, broker.directory.Refresh());
  std::vector<CK_SLOT_ID> ids;
  for (const TokenRef& token : tokens) {
    if (token_present == CK_FALSE || token->record()->present) ids.push_back(token->slot_id);
  }
  return GiveList(ids, slots, count);
}

Status GetSlotInfo(Broker& broker, CK_SLOT_ID slot, CK_SLOT_INFO_PTR info) {
  if (info == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(TokenRef token, broker.directory.Slot(slot));
  const RecordRef record = token->record();
  Pad(record->slot_description, info->slotDescription);
  Pad(record->slot_manufacturer, info->manufacturerID);
  info->hardwareVersion = Version(record->slot_hardware);
  info->firmwareVersion = Version(record->slot_firmware);
  // A slot that is not removable is always full, so an empty one must be called removable.
  const CK_FLAGS flags = record->slot_flags & ~CK_FLAGS{CKF_TOKEN_PRESENT};
  info->flags = flags | (record->present ? CKF_TOKEN_PRESENT : CKF_REMOVABLE_DEVICE);
  return {};
}

Status GetTokenInfo(Broker& broker, CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  if (info == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(TokenRef token, broker.directory.PresentToken(slot));
  const RecordRef record = token->record();
  const Sessions::Counts sessions = broker.sessions.Count(slot);
  *info = {};
  Pad(record->label, info->label);
  Pad(record->manufacturer, info->manufacturerID);
  Pad(record->model, info->model);
  Pad(record->serial, info->serialNumber);
  Pad("", info->utcTime);
  info->flags = (record->token_flags & kTokenFlagsKept) | CKF_WRITE_PROTECTED;
  info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
  info->ulSessionCount = sessions.all;
  info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
  info->ulRwSessionCount = sessions.read_write;
  // A PIN here is nothing or a grant secret, so the token's own bounds do not apply.
  info->ulMaxPinLen = kPinBytesMax;
  info->ulMinPinLen = 0;
  info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
  info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
  info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
  info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
  info->hardwareVersion = Version(record->token_hardware);
  info->firmwareVersion = Version(record->token_firmware);
  return {};
}

Status GetMechanismList(Broker& broker, CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR types,
                        CK_ULONG_PTR count) {
  if (count == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(TokenRef token, broker.directory.PresentToken(slot));
  const RecordRef record = token->record();
  std::vector<CK_MECHANISM_TYPE> offered;
  for (const gate::MechanismRecord& mechanism : record->mechanisms) {
    if (IsOffered(mechanism)) offered.push_back(mechanism.type);
  }
  return GiveList(offered, types, count);
}

Status GetMechanismInfo(Broker& broker, CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                        CK_MECHANISM_INFO_PTR info) {
  if (info == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_TRY(TokenRef token, broker.directory.PresentToken(slot));
  const RecordRef record = token->record();
  auto found = std::ranges::find(record->mechanisms, type, &gate::MechanismRecord::type);
  if (found == record->mechanisms.end() || !IsOffered(*found)) return Fail(CKR_MECHANISM_INVALID);
  *info = {found->key_size_min, found->key_size_max, found->flags};
  return {};
}

// The module has no thread that could watch grantd, so it never waits for an event, and has none.
Status WaitForSlotEvent(Broker&, CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved) {
  if (slot == nullptr || reserved != nullptr) return Fail(CKR_ARGUMENTS_BAD);
  return Fail((flags & CKF_DONT_BLOCK) != 0 ? CKR_NO_EVENT : CKR_FUNCTION_NOT_SUPPORTED);
}

Status InitToken(Broker& broker, CK_SLOT_ID slot, CK_UTF8CHAR_PTR, CK_ULONG, CK_UTF8CHAR_PTR) {
  GRANT_CHECK(broker.directory.PresentToken(slot));
  return Fail(CKR_TOKEN_WRITE_PROTECTED);
}

}  // namespace grant::pkcs11::broker
