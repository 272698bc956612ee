#include "grantd/hsm/slot.h"

#include <fmt/format.h>

#include <vector>

#include "grant/cryptoki/backing_module.h"
#include "grant/cryptoki/field.h"
#include "grant/cryptoki/mechanism.h"

namespace grant {
namespace {

using cryptoki::Unpadded;

constexpr CK_ULONG kSlotsMax = 1024;
constexpr CK_ULONG kMechanismsMax = 4096;

uint16_t Number(const CK_VERSION& version) {
  return static_cast<uint16_t>(version.major << 8 | version.minor);
}

bool Agrees(const std::string& wanted, const std::string& present) {
  return wanted.empty() || wanted == present;
}

bool Matches(const KeySelector& selector, const CK_TOKEN_INFO& info) {
  return Agrees(selector.token, Unpadded(info.label)) &&
         Agrees(selector.serial, Unpadded(info.serialNumber)) &&
         Agrees(selector.manufacturer, Unpadded(info.manufacturerID)) &&
         Agrees(selector.model, Unpadded(info.model));
}

Result<std::vector<CK_SLOT_ID>> SlotsWithToken(CK_FUNCTION_LIST* functions) {
  // Only a call without a buffer makes the module look for slots that came or went.
  CK_ULONG count = 0;
  CK_RV rv = functions->C_GetSlotList(CK_TRUE, nullptr, &count);
  std::vector<CK_SLOT_ID> slots(kSlotsMax);
  if (rv == CKR_OK) {
    count = kSlotsMax;
    rv = functions->C_GetSlotList(CK_TRUE, slots.data(), &count);
  }
  if (rv != CKR_OK) return tl::make_unexpected(cryptoki::TokenError("C_GetSlotList", rv));
  slots.resize(count);
  return slots;
}

// Of a mechanism's flags, those that say nothing about a use.
constexpr CK_FLAGS kFlagsKept = CKF_HW | CKF_EC_F_P | CKF_EC_F_2M | CKF_EC_ECPARAMETERS |
                                CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS | CKF_EC_COMPRESS;

tl::expected<std::vector<gate::MechanismRecord>, CK_RV> ServedMechanismsOf(
    CK_FUNCTION_LIST* functions, CK_SLOT_ID slot) {
  std::vector<CK_MECHANISM_TYPE> types(kMechanismsMax);
  CK_ULONG count = kMechanismsMax;
  if (const CK_RV rv = functions->C_GetMechanismList(slot, types.data(), &count); rv != CKR_OK) {
    return tl::make_unexpected(rv);
  }
  types.resize(count);
  std::vector<gate::MechanismRecord> mechanisms;
  for (const CK_MECHANISM_TYPE type : types) {
    const CK_FLAGS served = cryptoki::UsesServed(type);
    if (served == 0) continue;
    CK_MECHANISM_INFO info{};
    if (functions->C_GetMechanismInfo(slot, type, &info) != CKR_OK) continue;
    if ((info.flags & served) == 0) continue;
    mechanisms.push_back(
        {type, info.ulMinKeySize, info.ulMaxKeySize, info.flags & (served | kFlagsKept)});
  }
  return mechanisms;
}

}  // namespace

Result<CK_SLOT_ID> FindSlot(CK_FUNCTION_LIST* functions, const KeySelector& selector,
                            const TokenSettings& settings) {
  GRANT_TRY(const auto slots, SlotsWithToken(functions));
  std::vector<CK_SLOT_ID> matching;
  std::string labels;
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (functions->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    if (Matches(selector, info)) matching.push_back(slot);
    labels += fmt::format("{}'{}'", labels.empty() ? "" : ", ", Unpadded(info.label));
  }
  if (matching.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("{} has no token that matches {}", settings.module, settings.uri),
                fmt::format("correct uri of token '{}' in grantd.toml; the tokens present are: {}",
                            settings.name, labels.empty() ? "none" : labels));
  }
  if (matching.size() > 1) {
    return Fail(
        Code::kInvalid,
        fmt::format("{} tokens of {} match {}", matching.size(), settings.module, settings.uri),
        fmt::format("add serial=... to uri of token '{}' in grantd.toml", settings.name));
  }
  return matching.front();
}

tl::expected<void, CK_RV> DescribeSlot(CK_FUNCTION_LIST* functions, CK_SLOT_ID slot,
                                       gate::TokenRecord& record) {
  CK_SLOT_INFO slot_info{};
  CK_TOKEN_INFO token_info{};
  CK_RV rv = functions->C_GetSlotInfo(slot, &slot_info);
  if (rv == CKR_OK) rv = functions->C_GetTokenInfo(slot, &token_info);
  if (rv != CKR_OK) return tl::make_unexpected(rv);
  GRANT_TRY(record.mechanisms, ServedMechanismsOf(functions, slot));
  record.slot_id = slot;
  record.slot_description = Unpadded(slot_info.slotDescription);
  record.slot_manufacturer = Unpadded(slot_info.manufacturerID);
  record.slot_flags = slot_info.flags;
  record.slot_hardware = Number(slot_info.hardwareVersion);
  record.slot_firmware = Number(slot_info.firmwareVersion);
  record.label = Unpadded(token_info.label);
  record.manufacturer = Unpadded(token_info.manufacturerID);
  record.model = Unpadded(token_info.model);
  record.serial = Unpadded(token_info.serialNumber);
  record.token_flags = token_info.flags;
  record.pin_length_min = token_info.ulMinPinLen;
  record.pin_length_max = token_info.ulMaxPinLen;
  record.token_hardware = Number(token_info.hardwareVersion);
  record.token_firmware = Number(token_info.firmwareVersion);
  return {};
}

}  // namespace grant
