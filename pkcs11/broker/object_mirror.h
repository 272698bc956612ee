// The objects of one token, mirrored from grantd. Any thread may use it; no lock is held while
// grantd is asked.
//
// An object keeps its handle as long as the process lives: within one run of grantd it is known by
// grantd's number for it, and when grantd has been restarted, by its class, ID, label and public
// value.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pkcs11/broker/object.h"
#include "pkcs11/gate_client.h"

namespace grant::pkcs11 {

class ObjectMirror {
 public:
  ObjectMirror(GateClient& gate, std::string token) : gate_(gate), token_(std::move(token)) {}

  // All objects as they are now. Asks grantd whether they changed.
  Result<std::vector<ObjectRef>> Refresh();

  // As last seen; grantd is not asked. CKR_OBJECT_HANDLE_INVALID where there is none.
  Result<ObjectRef> Find(CK_OBJECT_HANDLE handle) const;

  // The number of an object on this connection, whichever run of grantd it leads to.
  // CKR_KEY_HANDLE_INVALID where the object is gone.
  Result<uint64_t> IdOn(Lease& lease, CK_OBJECT_HANDLE handle);

 private:
  struct Snapshot {
    uint64_t run = 0;
    uint64_t version = 0;  // 0: nothing seen yet
    std::vector<ObjectRef> objects;
  };
  using SnapshotRef = std::shared_ptr<const Snapshot>;

  SnapshotRef Current() const;
  Result<SnapshotRef> RefreshOn(Lease& lease);
  SnapshotRef Adopt(uint64_t run, uint64_t order, gate::Objects answer);

  GateClient& gate_;
  const std::string token_;

  mutable std::mutex mutex_;
  SnapshotRef current_ = std::make_shared<Snapshot>();
  uint64_t questions_ = 0;  // how many times grantd was asked
  uint64_t adopted_ = 0;    // the question whose answer is `current_`
  // The handles in `current_`: the one for its run of grantd, the other for the next run.
  std::map<uint64_t, CK_OBJECT_HANDLE> handle_by_id_;
  std::map<std::string, CK_OBJECT_HANDLE> handle_by_identity_;
};

}  // namespace grant::pkcs11
