// A token as grantd uses it. Plain data in and out, so that an implementation may live in another
// process.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/error.h"
#include "grant/gate/protocol.h"

namespace grant {

inline constexpr uint32_t kWorkersDefault = 2;
inline constexpr uint32_t kWorkersMax = 16;
inline constexpr std::chrono::seconds kCallTimeoutDefault{30};
inline constexpr std::chrono::minutes kCallTimeoutMax{10};

// Where grantd has a token's PIN from.
enum class PinSource {
  kFile,
  kCredential,  // a file that the service manager made
  kTyped,       // an administrator, after each start: grantctl unseal
};

struct TokenSettings {
  std::string name;
  std::string module;    // path of the backing PKCS#11 module
  std::string uri;       // "pkcs11:token=prod"
  std::string pin_file;  // mode 0600 or stricter, owned by grantd's user or root
  bool accept_any_pin = false;
  uint32_t workers = kWorkersDefault;                           // processes that run the module
  std::chrono::milliseconds call_timeout{kCallTimeoutDefault};  // for one call of the module
  PinSource pin_source = PinSource::kFile;
  bool worker_seccomp = true;  // whether its workers give up system calls that modules hardly need
  std::string pin_credential = {};  // its name, where that is the source; pin_file is its path
};

// A key as a signer's URI names it: found by label, ID or both. Empty means not given.
struct KeySelector {
  std::string token;  // label; and serial, manufacturer, model as in the URI
  std::string serial;
  std::string manufacturer;
  std::string model;
  std::string object;
  Bytes id;
};

// Parses a PKCS#11 URI (RFC 7512). A type other than private is refused, and so is a pin-value.
Result<KeySelector> ParseKeyUri(const std::string& uri);
// The same for the URI of a token, which has none of object, id and type.
Result<KeySelector> ParseTokenUri(const std::string& uri);

// One object as the backing token shows it.
struct TokenObject {
  uint64_t id = 0;  // this run's number for it; the same object keeps it, another never gets it
  uint64_t object_class = 0;
  std::vector<gate::AttributeRecord> attributes;

  const gate::AttributeRecord* Find(
      uint64_t type) const;  // null where the object has no such attribute
};

struct TokenObjects {
  uint64_t version = 0;  // changes when the objects do; never 0
  std::vector<TokenObject> objects;
};

// What the backing token answered, where it refused.
struct TokenFailure {
  uint64_t rv = 0;       // CK_RV
  std::string function;  // "C_Sign"
  // Whether the token itself answered. False: the outcome is unknown (it timed out, or its process
  // died), so a signature may exist.
  bool answered = true;
  // In words, where it was not the token that spoke: "its process died". Empty: rv says it.
  std::string reason;
};

// "C_Sign failed: CKR_DEVICE_ERROR", or the function and the reason.
std::string Describe(const TokenFailure& failure);

// A signature that a token was asked for.
class StartedSignature {
 public:
  virtual ~StartedSignature() = default;
  // Waits for what became of it. To be called once.
  virtual tl::expected<Bytes, TokenFailure> Finish() = 0;
};

// The types of keys that grantd makes. The numbers go to worker processes.
enum class NewKeyType : uint16_t {
  kRsa2048 = 1,
  kRsa3072 = 2,
  kRsa4096 = 3,
  kP256 = 4,
  kP384 = 5,
  kEd25519 = 6,
};

inline constexpr size_t kKeyLabelBytesMax = 128;
inline constexpr size_t kKeyIdBytesMax = 64;

struct KeyToMake {
  NewKeyType type = NewKeyType::kRsa3072;
  std::string label;  // printable, 1 to kKeyLabelBytesMax bytes
  Bytes id;           // CKA_ID, 1 to kKeyIdBytesMax bytes
};

struct MadeKey {
  bool label_taken = false;           // nothing was made: an object has the label already
  std::vector<std::string> left_out;  // attributes that the token did not take
};

class Token {
 public:
  virtual ~Token() = default;

  // Any thread may call these.
  virtual const TokenSettings& settings() const = 0;
  // The token as the module shows it, with the mechanisms that grantd serves and the flags of what
  // it serves them for. `present` is false while it cannot be used.
  virtual gate::TokenRecord Describe() = 0;
  // How many of settings().workers can take a call now.
  virtual size_t WorkersUp() { return Describe().present ? 1 : 0; }
  // Private keys, public keys, certificates, and data objects that are not private; with every
  // attribute that is not sensitive. Secret keys are left out.
  virtual Result<std::shared_ptr<const TokenObjects>> Objects() = 0;
  // One signature over `data`, in a session of its own. Length and value are the token's.
  virtual tl::expected<Bytes, TokenFailure> Sign(uint64_t key_id,
                                                 const gate::SignMechanism& mechanism,
                                                 ByteView data) = 0;
  // The same, for a caller who has other things to do meanwhile. `mechanism` and `data` outlive
  // what is returned. A token without a process of its own signs when it is waited for.
  virtual std::unique_ptr<StartedSignature> StartSigning(uint64_t key_id,
                                                         const gate::SignMechanism& mechanism,
                                                         ByteView data);

  // Makes a key pair as key_maker.h says, in a read-write session that ends with the call.
  virtual tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake& wanted) = 0;

  // What follows uses public keys only: the ID of a private key is CKR_KEY_HANDLE_INVALID.

  // Fails with CKR_SIGNATURE_INVALID or CKR_SIGNATURE_LEN_RANGE where the signature is not right.
  virtual tl::expected<void, TokenFailure> Verify(uint64_t key_id,
                                                  const gate::SignMechanism& mechanism,
                                                  ByteView data, ByteView signature) = 0;
  virtual tl::expected<Bytes, TokenFailure> Encrypt(uint64_t key_id,
                                                    const gate::EncryptMechanism& mechanism,
                                                    ByteView data) = 0;
  // That many bytes of the token's own generator.
  virtual tl::expected<Bytes, TokenFailure> Random(size_t bytes) = 0;
};

}  // namespace grant
