// The calls that use a key in a session, once the session and the key's handle are known.
#pragma once

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/protocol.h"
#include "grantd/hsm/catalog.h"
#include "grantd/hsm/session_pool.h"

namespace grant {

// CK_MECHANISM, and the parameters that it points to. The mechanism it is made of must outlive it.
class RawMechanism {
 public:
  explicit RawMechanism(const gate::SignMechanism& mechanism);
  explicit RawMechanism(const gate::EncryptMechanism& mechanism);
  RawMechanism(const RawMechanism&) = delete;
  RawMechanism& operator=(const RawMechanism&) = delete;

  CK_MECHANISM& get() { return raw_; }

 private:
  CK_MECHANISM raw_;
  CK_RSA_PKCS_PSS_PARAMS pss_{};
  CK_RSA_PKCS_OAEP_PARAMS oaep_{};
};

// Whether the key's type and size fit the mechanism and the data, for the mechanisms that grantd
// serves: CKR_OK, CKR_KEY_TYPE_INCONSISTENT or CKR_DATA_LEN_RANGE. Backing modules are not relied
// on for this: SoftHSM, for one, brings the process down when CKM_RSA_X_509 is given more than a
// modulus.
CK_RV CheckInput(const KeyHandle& key, CK_MECHANISM_TYPE mechanism, size_t data_bytes);

// Each ends the operation that its C_*Init has begun in the session. A failure of the first says
// whether the token itself refused, so that there is no signature.
SessionResult<Bytes> CallSign(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                              ByteView data);
SessionResult<void> CallVerify(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                               ByteView data, ByteView signature);
SessionResult<Bytes> CallEncrypt(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                                 ByteView data);

SessionResult<Bytes> CallGenerateRandom(CK_FUNCTION_LIST* functions, CK_SESSION_HANDLE session,
                                        size_t bytes);

}  // namespace grant
