#include "tests/torture/signer.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"
#include "tests/e2e/verify.h"

namespace grant::test {
namespace {

// As a number larger than any modulus of 2048 bits, so that no RSA operation takes it.
const std::string& TooLarge() {
  static const auto& bytes = *new std::string(256, '\xff');
  return bytes;
}
constexpr int kTooLargePercent = 20;
constexpr int kRefusedPauseUsMax = 3000;

CK_FUNCTION_LIST* LoadModule() {
  void* library = dlopen(GRANT_PKCS11_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get_list == nullptr || get_list(&functions) != CKR_OK ||
      functions->C_Initialize(nullptr) != CKR_OK) {
    throw std::runtime_error("the module does not initialise");
  }
  return functions;
}

// A session on the one token, for one thread and one shift.
class Session {
 public:
  explicit Session(CK_FUNCTION_LIST* p11) : p11_(p11) {
    CK_SLOT_ID slot = 0;
    CK_ULONG count = 1;
    if (p11_->C_GetSlotList(CK_TRUE, &slot, &count) != CKR_OK || count != 1) return;
    p11_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (session_ != 0) p11_->C_CloseSession(session_);
  }

  // 0 where there is none, or grantd is gone.
  CK_OBJECT_HANDLE Find(CK_OBJECT_CLASS object_class, const std::string& label) {
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class},
                             {CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG found = 0;
    if (session_ == 0 || p11_->C_FindObjectsInit(session_, wanted, 2) != CKR_OK) return 0;
    const CK_RV rv = p11_->C_FindObjects(session_, &object, 1, &found);
    p11_->C_FindObjectsFinal(session_);
    return rv == CKR_OK && found == 1 ? object : 0;
  }

  // In the words that Verifies() takes; empty where grantd is gone.
  std::string PublicNumbers(const std::string& label) {
    const CK_OBJECT_HANDLE key = Find(CKO_PUBLIC_KEY, label);
    if (key == 0) return {};
    std::string numbers = "CKR_OK";
    for (const CK_ATTRIBUTE_TYPE type :
         {CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT}) {
      Bytes value(4096);
      CK_ATTRIBUTE attribute{type, value.data(), value.size()};
      const CK_RV rv = p11_->C_GetAttributeValue(session_, key, &attribute, 1);
      if (rv == CKR_OK) value.resize(attribute.ulValueLen);
      if (rv != CKR_OK && rv != CKR_ATTRIBUTE_TYPE_INVALID) return {};
      numbers += " " + (rv == CKR_OK ? Hex(value) : "-");
    }
    return numbers;
  }

  CK_RV Sign(CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type, const std::string& data,
             std::string& signature) {
    CK_MECHANISM mechanism{type, nullptr, 0};
    if (const CK_RV rv = p11_->C_SignInit(session_, &mechanism, key); rv != CKR_OK) return rv;
    signature.assign(512, '\0');
    CK_ULONG size = signature.size();
    const CK_RV rv =
        p11_->C_Sign(session_, reinterpret_cast<CK_BYTE*>(const_cast<char*>(data.data())),
                     data.size(), reinterpret_cast<CK_BYTE*>(signature.data()), &size);
    signature.resize(rv == CKR_OK ? size : 0);
    return rv;
  }

 private:
  CK_FUNCTION_LIST* p11_;
  CK_SESSION_HANDLE session_ = 0;
};

// One signing process.
class Signer {
 public:
  Signer(SignerOptions options, const Records& records)
      : options_(std::move(options)), records_(records) {
    setenv("GRANTD_GATE", options_.gate.c_str(), 1);
    p11_ = LoadModule();
    for (int i = 0; i < options_.threads; ++i) {
      chances_.emplace_back(options_.seed * 1000 + static_cast<uint64_t>(i));
    }
  }

  void Shift() {
    std::vector<std::thread> threads;
    threads.reserve(chances_.size());
    for (std::mt19937_64& chance : chances_) {
      threads.emplace_back([this, &chance] { SignUntilGone(chance); });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void SignUntilGone(std::mt19937_64& chance) {
    Session session(p11_);
    for (;;) {
      const SigningKey& key = options_.keys[chance() % options_.keys.size()];
      const CK_OBJECT_HANDLE object = session.Find(CKO_PRIVATE_KEY, key.label);
      if (object == 0) return;
      const bool too_large =
          key.mechanism == "SHA256-RSA-PKCS" && chance() % 100 < kTooLargePercent;
      const CK_RV rv = too_large ? AskForTheImpossible(session, object)
                                 : SignSomething(session, key, object, chance);
      switch (rv) {
        case CKR_OK:
          break;
        case CKR_DATA_INVALID:
        case CKR_FUNCTION_REJECTED:
        case CKR_FUNCTION_FAILED:  // the token refused too many of late
          usleep(static_cast<useconds_t>(chance() % kRefusedPauseUsMax));
          break;
        case CKR_DEVICE_REMOVED:
        case CKR_TOKEN_NOT_PRESENT:
        case CKR_SESSION_HANDLE_INVALID:
          return;
        default:
          records_.AppendFault("a signature gave " + cryptoki::ReturnValueName(rv));
          return;
      }
    }
  }

  static std::string NewText(std::mt19937_64& chance) {
    return "torture " + std::to_string(getpid()) + " " + std::to_string(MonotonicNanoseconds()) +
           " " + std::to_string(chance());
  }

  CK_RV SignSomething(Session& session, const SigningKey& key, CK_OBJECT_HANDLE object,
                      std::mt19937_64& chance) {
    const std::string text = NewText(chance);
    const std::string digest = Sha256(text);
    const std::string data = key.mechanism == "ECDSA" ? digest : text;
    std::string signature;
    const int64_t asked_at = MonotonicNanoseconds();
    const CK_RV rv =
        session.Sign(object, *cryptoki::MechanismByName(key.mechanism), data, signature);
    // grantd has no such answer of its own.
    if (rv == CKR_DATA_INVALID) records_.Append(GivenBack{"sha256:" + ToHex(digest)});
    if (rv != CKR_OK) return rv;
    const std::string numbers = NumbersOf(session, key);
    if (numbers.empty()) {
      // Nothing to verify it with; that it was delivered counts all the same.
    } else if (!Verifies(numbers, key.mechanism, data, ToHex(signature))) {
      records_.AppendFault("a signature with " + key.label + " does not verify");
    }
    records_.Append(Delivered{"sha256:" + ToHex(digest), asked_at});
    return CKR_OK;
  }

  // SoftHSM gives no reason, so that grantd cannot tell it from a token that is gone. Nor can its
  // client, who finds out with the next signature.
  CK_RV AskForTheImpossible(Session& session, CK_OBJECT_HANDLE object) {
    std::string signature;
    const CK_RV rv = session.Sign(object, CKM_RSA_X_509, TooLarge(), signature);
    if (rv == CKR_OK) records_.AppendFault("what cannot be signed was signed");
    return rv == CKR_DEVICE_REMOVED ? CKR_FUNCTION_FAILED : rv;
  }

  std::string NumbersOf(Session& session, const SigningKey& key) {
    const std::scoped_lock lock(mutex_);
    std::string& numbers = numbers_[key.label];
    if (numbers.empty()) numbers = session.PublicNumbers(key.label);
    return numbers;
  }

  SignerOptions options_;
  const Records& records_;
  CK_FUNCTION_LIST* p11_ = nullptr;
  std::vector<std::mt19937_64> chances_;  // one a thread
  std::mutex mutex_;
  std::map<std::string, std::string> numbers_;  // by label
};

}  // namespace

Worker::Prepare SignerWork(const SignerOptions& options, const Records& records) {
  return [options, &records] {
    auto signer = std::make_shared<Signer>(options, records);
    return [signer] { signer->Shift(); };
  };
}

}  // namespace grant::test
