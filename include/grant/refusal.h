// Why a signature was refused: the vocabulary shared by the decision in grantd, the gate protocol,
// the module's CK_RV and the audit.
#pragma once

#include <cstdint>
#include <string>

namespace grant {

// The numbers travel on the gate socket and in the audit: append only.
enum class Cause : uint16_t {
  kNoGrant = 1,
  kNotYetValid = 2,
  kExpired = 3,
  kUsedUp = 4,
  kRevoked = 5,
  kOtherHolder = 6,
  kDigestNotInGrant = 7,
  kNotAUser = 8,      // the signer's rules do not name the caller
  kNotGoverned = 9,   // no signer names this key, so nobody may sign with it
  kKeyNotFound = 10,  // the object handle names no private key on the token any more
  kMechanismNotAllowed = 11,
  kMechanismParameters = 12,
  kKeyType = 13,
  kDataLength = 14,
  kWrongSecret = 15,
  kTooManySecrets = 16,
  kTokenRefused = 17,      // the backing module answered with an error
  kTokenUnavailable = 18,  // the token is gone or grantd cannot log in to it
  kStoreFailing = 19,      // no durable record, hence no signature
  kBusy = 20,              // a limit of grantd is reached, or it is shutting down
  kProtocol = 21,          // the peer does not speak this protocol
  kSignatureInvalid = 22,  // a signature that was to be verified is not right
  kSignatureLength = 23,   // it is not even as long as one
  kOutOfScope = 24,        // the grant is for another user or program
  kOutsideHours = 25,      // the signer's policy allows no signature at this time of the week
  kDatabaseRestored = 26,  // the database is an older copy, or it cannot be told
  kClockWrong = 27,        // the clock went back, or leapt
  kKeyUnsafe = 28,         // the key audit found a way past every grant that nobody acknowledged
  kSealed = 29,            // an administrator has stopped all signing
};

// The cause's fixed name in the audit and in JSON, for instance "used-up"; "unknown" for a number
// that is none of the above.
const char* CauseName(Cause cause);

struct Refusal {
  Cause cause = Cause::kNoGrant;
  std::string message;   // "grant grt_01H... is used up (3 of 3)"
  std::string hint;      // "grantctl request create release ..."
  std::string grant_id;  // the grant it is about; may be empty
};

}  // namespace grant
