// The sessions of one application. Any thread may use them; no lock is held while grantd is asked.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "pkcs11/broker/digest_operation.h"
#include "pkcs11/broker/encrypt_operation.h"
#include "pkcs11/broker/operation_slot.h"
#include "pkcs11/broker/sign_operation.h"
#include "pkcs11/broker/token.h"
#include "pkcs11/broker/verify_operation.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

class Broker;

// C_FindObjects: what was found, and how much of it was given out.
struct Search {
  std::vector<CK_OBJECT_HANDLE> found;
  size_t next = 0;
};

class Session {
 public:
  Session(Broker& owner, TokenRef token_in_slot, bool may_write)
      : broker(owner), token(std::move(token_in_slot)), read_write(may_write) {}

  Broker& broker;
  const TokenRef token;
  const bool read_write;

  // One operation of each kind may be under way.
  OperationSlot<Search> search;
  OperationSlot<SignOperation> signing;
  OperationSlot<VerifyOperation> verifying;
  OperationSlot<DigestOperation> digesting;
  OperationSlot<EncryptOperation> encrypting;

  // An object that is to be used as a key: CKR_KEY_HANDLE_INVALID.
  Result<ObjectRef> FindKey(CK_OBJECT_HANDLE key) const;
};

using SessionRef = std::shared_ptr<Session>;

class Sessions {
 public:
  struct Counts {
    CK_ULONG all = 0;
    CK_ULONG read_write = 0;
  };

  Result<CK_SESSION_HANDLE> Open(Broker& broker, TokenRef token, bool read_write);
  // CKR_SESSION_HANDLE_INVALID.
  Result<SessionRef> Find(CK_SESSION_HANDLE handle) const;
  // With the last session of a token its login ends.
  Status Close(CK_SESSION_HANDLE handle);
  void CloseAll(CK_SLOT_ID slot_id);
  void CloseAll();
  Counts Count(CK_SLOT_ID slot_id) const;

 private:
  mutable std::mutex mutex_;
  std::map<CK_SESSION_HANDLE, SessionRef> sessions_;
};

}  // namespace grant::pkcs11
