#include "grantd/hsm/object_reader.h"

#include <array>
#include <cstring>
#include <optional>

#include "grantd/hsm/attribute_tables.h"

namespace grant {
namespace {

template <typename T>
using TokenResult = tl::expected<T, CK_RV>;

constexpr std::array<CK_OBJECT_CLASS, 4> kClasses = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
                                                     CKO_CERTIFICATE, CKO_DATA};

// Whether an error concerns more than the attribute that was asked for. Skipping an attribute for
// such a reason would make the object look like another one.
bool ConcernsMoreThanTheAttribute(CK_RV rv) {
  switch (rv) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_DEVICE_MEMORY:
    case CKR_HOST_MEMORY:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_CRYPTOKI_NOT_INITIALIZED:
      return true;
    default:
      return false;
  }
}

// C_GetAttributeValue answers one of these where some of the attributes are not to be had. The
// others have their lengths and values all the same (PKCS#11 3.0, 5.7.5).
bool IsUsableAnswer(CK_RV rv) {
  return rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID;
}

class Reader {
 public:
  Reader(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session)
      : functions_(functions), session_(session) {}

  SessionResult<std::vector<CK_OBJECT_HANDLE>> Find(CK_OBJECT_CLASS object_class) const;
  TokenResult<ReadObject> Read(CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS object_class) const;
  SessionResult<void> CheckLoggedIn() const;

 private:
  TokenResult<void> Append(CK_OBJECT_HANDLE handle, AttributeTypes types,
                           std::vector<gate::AttributeRecord>& out) const;
  TokenResult<void> AppendOneByOne(CK_OBJECT_HANDLE handle, AttributeTypes types, CK_RV reason,
                                   std::vector<gate::AttributeRecord>& out) const;

  CK_FUNCTION_LIST* functions_;
  CK_SESSION_HANDLE session_;
};

SessionResult<std::vector<CK_OBJECT_HANDLE>> Reader::Find(CK_OBJECT_CLASS object_class) const {
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  std::array<CK_ATTRIBUTE, 3> pattern = {{{CKA_CLASS, &object_class, sizeof object_class},
                                          {CKA_TOKEN, &yes, sizeof yes},
                                          {CKA_PRIVATE, &no, sizeof no}}};
  const CK_ULONG conditions = object_class == CKO_DATA ? 3 : 2;
  CK_RV rv = functions_->C_FindObjectsInit(session_, pattern.data(), conditions);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_FindObjectsInit", rv));
  std::vector<CK_OBJECT_HANDLE> handles;
  std::array<CK_OBJECT_HANDLE, 256> batch{};
  CK_ULONG found = 0;
  do {
    rv = functions_->C_FindObjects(session_, batch.data(), batch.size(), &found);
    if (rv != CKR_OK) break;
    handles.insert(handles.end(), batch.begin(), batch.begin() + found);
  } while (found > 0 && handles.size() <= kObjectsMax);
  functions_->C_FindObjectsFinal(session_);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_FindObjects", rv));
  return handles;
}

TokenResult<ReadObject> Reader::Read(CK_OBJECT_HANDLE handle, CK_OBJECT_CLASS object_class) const {
  ReadObject object{handle, object_class, {}};
  GRANT_CHECK(Append(handle, AttributesOfClass(object_class), object.attributes));
  if (object_class != CKO_PRIVATE_KEY && object_class != CKO_PUBLIC_KEY) return object;

  CK_KEY_TYPE key_type = CKK_VENDOR_DEFINED;
  for (const gate::AttributeRecord& attribute : object.attributes) {
    if (attribute.type == CKA_KEY_TYPE && attribute.value.size() == sizeof key_type) {
      std::memcpy(&key_type, attribute.value.data(), sizeof key_type);
    }
  }
  GRANT_CHECK(Append(handle, AttributesOfKeyType(object_class, key_type), object.attributes));
  if (object_class == CKO_PRIVATE_KEY) {
    for (const CK_ATTRIBUTE_TYPE type : PrivateValuesOf(key_type)) {
      object.attributes.push_back({type, true, {}});
    }
  }
  return object;
}

TokenResult<void> Reader::Append(CK_OBJECT_HANDLE handle, AttributeTypes types,
                                 std::vector<gate::AttributeRecord>& out) const {
  if (types.empty()) return {};
  std::vector<CK_ATTRIBUTE> query;
  for (const CK_ATTRIBUTE_TYPE type : types) query.push_back({type, nullptr, 0});
  CK_RV rv = functions_->C_GetAttributeValue(session_, handle, query.data(), query.size());
  if (!IsUsableAnswer(rv)) return AppendOneByOne(handle, types, rv, out);

  std::vector<gate::AttributeRecord> records;
  for (const CK_ATTRIBUTE& answer : query) {
    // CK_UNAVAILABLE_INFORMATION is the greatest number there is.
    if (answer.ulValueLen > kAttributeBytesMax) continue;
    records.push_back({answer.type, false, Bytes(answer.ulValueLen)});
  }
  if (records.empty()) return {};
  query.clear();
  for (gate::AttributeRecord& record : records) {
    query.push_back({record.type, record.value.data(), record.value.size()});
  }
  rv = functions_->C_GetAttributeValue(session_, handle, query.data(), query.size());
  if (rv != CKR_OK) return AppendOneByOne(handle, types, rv, out);
  for (size_t i = 0; i < records.size(); ++i) {
    if (query[i].ulValueLen > records[i].value.size()) continue;
    records[i].value.resize(query[i].ulValueLen);
    out.push_back(std::move(records[i]));
  }
  return {};
}

// For modules that fail the whole call because of one attribute.
TokenResult<void> Reader::AppendOneByOne(CK_OBJECT_HANDLE handle, AttributeTypes types,
                                         CK_RV reason,
                                         std::vector<gate::AttributeRecord>& out) const {
  if (ConcernsMoreThanTheAttribute(reason)) return tl::make_unexpected(reason);
  if (types.size() == 1) return {};
  for (size_t i = 0; i < types.size(); ++i) GRANT_CHECK(Append(handle, types.subspan(i, 1), out));
  return {};
}

SessionResult<void> Reader::CheckLoggedIn() const {
  CK_SESSION_INFO info{};
  const CK_RV rv = functions_->C_GetSessionInfo(session_, &info);
  if (rv != CKR_OK) return tl::make_unexpected(MakeSessionFailure("C_GetSessionInfo", rv));
  if (info.state != CKS_RO_USER_FUNCTIONS && info.state != CKS_RW_USER_FUNCTIONS) {
    return tl::make_unexpected(MakeSessionFailure("C_GetSessionInfo", CKR_USER_NOT_LOGGED_IN));
  }
  return {};
}

}  // namespace

SessionResult<std::vector<ReadObject>> ReadObjects(CK_FUNCTION_LIST* functions,
                                                   CK_SESSION_HANDLE session) {
  const Reader reader(functions, session);
  std::vector<ReadObject> objects;
  for (const CK_OBJECT_CLASS object_class : kClasses) {
    GRANT_TRY(const auto handles, reader.Find(object_class));
    if (objects.size() + handles.size() > kObjectsMax) {
      SessionFailure failure = MakeSessionFailure("C_FindObjects", CKR_GENERAL_ERROR);
      failure.error = {Code::kTooLarge,
                       "the token has more than " + std::to_string(kObjectsMax) + " objects",
                       {}};
      return tl::make_unexpected(std::move(failure));
    }
    for (const CK_OBJECT_HANDLE handle : handles) {
      auto object = reader.Read(handle, object_class);
      if (object) {
        objects.push_back(*std::move(object));
      } else if (object.error() != CKR_OBJECT_HANDLE_INVALID) {  // deleted in the meantime
        return tl::make_unexpected(MakeSessionFailure("C_GetAttributeValue", object.error()));
      }
    }
  }
  // Last, so that a login lost at any time before is noticed.
  GRANT_CHECK(reader.CheckLoggedIn());
  return objects;
}

}  // namespace grant
