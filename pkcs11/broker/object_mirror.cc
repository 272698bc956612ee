#include "pkcs11/broker/object_mirror.h"

#include <algorithm>
#include <utility>

#include "grant/bytes.h"
#include "pkcs11/handles.h"
#include "pkcs11/refusal_rv.h"

namespace grant::pkcs11 {
namespace {

// What tells one object from another when grantd's numbers mean nothing any more. Objects that
// agree in all of it are told apart by their order.
constexpr CK_ATTRIBUTE_TYPE kIdentity[] = {
    CKA_CLASS,           CKA_KEY_TYPE,  CKA_ID,       CKA_LABEL,           CKA_MODULUS,
    CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT, CKA_PUBLIC_KEY_INFO, CKA_VALUE};

std::string Identity(const Object& object) {
  std::string identity;
  for (CK_ATTRIBUTE_TYPE type : kIdentity) {
    const gate::AttributeRecord* attribute = object.Find(type);
    if (attribute == nullptr) continue;
    identity += std::to_string(type) + ":" + std::to_string(attribute->value.size()) + ":";
    identity += AsText(attribute->value);
  }
  return identity;
}

// 0 where the key is not in the map.
template <typename Key>
CK_OBJECT_HANDLE Known(const std::map<Key, CK_OBJECT_HANDLE>& handles, const Key& key) {
  auto found = handles.find(key);
  return found == handles.end() ? 0 : found->second;
}

}  // namespace

Result<std::vector<ObjectRef>> ObjectMirror::Refresh() {
  GRANT_TRY(SnapshotRef snapshot,
            gate_.AskSafely([this](Lease& lease) { return RefreshOn(lease); }));
  return snapshot->objects;
}

Result<ObjectRef> ObjectMirror::Find(CK_OBJECT_HANDLE handle) const {
  SnapshotRef snapshot = Current();
  auto found = std::ranges::find(snapshot->objects, handle, &Object::handle);
  if (found == snapshot->objects.end()) return Fail(CKR_OBJECT_HANDLE_INVALID);
  return *found;
}

Result<uint64_t> ObjectMirror::IdOn(Lease& lease, CK_OBJECT_HANDLE handle) {
  SnapshotRef snapshot = Current();
  if (snapshot->run != lease.run) {
    GRANT_TRY(snapshot, RefreshOn(lease));
  }
  if (snapshot->run != lease.run) {
    return Fail(CKR_DEVICE_REMOVED, "grantd was restarted during the call");
  }
  auto found = std::ranges::find(snapshot->objects, handle, &Object::handle);
  if (found == snapshot->objects.end()) {
    return Fail(CKR_KEY_HANDLE_INVALID, "the key is no longer on the token");
  }
  return (*found)->id;
}

ObjectMirror::SnapshotRef ObjectMirror::Current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

Result<ObjectMirror::SnapshotRef> ObjectMirror::RefreshOn(Lease& lease) {
  SnapshotRef known;
  uint64_t order = 0;
  {
    std::lock_guard lock(mutex_);
    known = current_;
    order = ++questions_;
  }
  const uint64_t version = known->run == lease.run ? known->version : 0;
  GRANT_TRY(gate::Objects answer, gate_.Ask<gate::Objects>(lease, gate::GetObjects{token_, version},
                                                           gate_.config().list_timeout()));
  if (answer.changed) return Adopt(lease.run, order, std::move(answer));
  if (version != 0) return known;
  lease.connection.Close();
  return tl::unexpected<Error>(FromBadAnswer(
      {Code::kInvalid, "it says that objects never sent are unchanged", {}}, gate_.config().gate));
}

// Turns an answer into the new snapshot. Answers may overtake one another: the one to the latest
// question stays, so that every handle handed out can be found.
ObjectMirror::SnapshotRef ObjectMirror::Adopt(uint64_t run, uint64_t order, gate::Objects answer) {
  std::lock_guard lock(mutex_);
  if (order < adopted_) return current_;
  const bool same_run = run == current_->run;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->run = run;
  snapshot->version = answer.version;
  std::map<uint64_t, CK_OBJECT_HANDLE> by_id;
  std::map<std::string, CK_OBJECT_HANDLE> by_identity;
  std::map<std::string, unsigned> equals;
  for (gate::ObjectRecord& record : answer.objects) {
    auto object = std::make_shared<Object>();
    object->id = record.id;
    object->attributes = std::move(record.attributes);
    object->signer = std::move(record.signer);
    const std::optional<CK_ULONG> object_class = object->Number(CKA_CLASS);
    if (!object_class || by_id.contains(object->id)) continue;
    object->object_class = *object_class;

    std::string identity = Identity(*object);
    identity += "#" + std::to_string(equals[identity]++);
    const CK_OBJECT_HANDLE known =
        same_run ? Known(handle_by_id_, object->id) : Known(handle_by_identity_, identity);
    object->handle = known != 0 ? known : NewHandle();
    by_id[object->id] = object->handle;
    by_identity[std::move(identity)] = object->handle;
    snapshot->objects.push_back(std::move(object));
  }
  adopted_ = order;
  handle_by_id_ = std::move(by_id);
  handle_by_identity_ = std::move(by_identity);
  current_ = std::move(snapshot);
  return current_;
}

}  // namespace grant::pkcs11
