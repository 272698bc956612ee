// The sessions of one application. Any thread may use them; no lock is held while grantd is asked.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "pkcs11/broker/sign_operation.h"
#include "pkcs11/broker/token.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

class Broker;

class Session {
 public:
  Session(Broker& owner, TokenRef token_in_slot, bool may_write)
      : broker(owner), token(std::move(token_in_slot)), read_write(may_write) {}

  Broker& broker;
  const TokenRef token;
  const bool read_write;

  // C_FindObjects*. CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED.
  Status CheckNoSearch() const;
  Status BeginSearch(std::vector<CK_OBJECT_HANDLE> found);
  Result<std::vector<CK_OBJECT_HANDLE>> NextFound(size_t count_max);
  Status EndSearch();

  // C_Sign*. An operation that is taken and not put back has ended. While a call has it, the
  // session has none.
  Status CheckNotSigning() const;
  Status BeginSigning(SignOperation operation);
  Result<SignOperation> TakeSigning();
  void PutBackSigning(SignOperation operation);
  bool is_signing() const;

 private:
  struct Search {
    std::vector<CK_OBJECT_HANDLE> found;
    size_t next = 0;
  };

  mutable std::mutex mutex_;
  std::optional<Search> search_;
  std::optional<SignOperation> signing_;
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
