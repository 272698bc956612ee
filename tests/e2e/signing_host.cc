// A host of the module, driven from outside: reads one command a line and answers with one line.
//
//   usage: signing_host MODULE
//   find LABEL                 looks for the private key; later commands use it
//   sign MECHANISM TEXT        CKR_OK and the signature in hex, or where it failed
//   parts MECHANISM TEXT N     the same by C_SignUpdate in pieces of N bytes
//   begin MECHANISM            C_SignInit alone
//   end TEXT                   C_Sign alone
//   sizes MECHANISM N          N times C_Sign for the size and once with too small a buffer
//   public LABEL               the public key's attributes in hex: modulus, exponent, curve, point
//   verify LABEL MECHANISM HEX TEXT       whether that is the public key's signature
//   verify-parts LABEL MECHANISM HEX TEXT N
//   digest MECHANISM TEXT | digest-parts MECHANISM TEXT N
//   encrypt LABEL MECHANISM TEXT
//   random N
//   certificates               label, ID, subject, issuer and value of each, in hex
//   login [PIN] | logout | initialize | finalize | slots
//   fork                       what a child sees: before and after its own C_Initialize
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "grant/bytes.h"
#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/mechanism.h"
#include "grant/cryptoki/names.h"

namespace grant {
namespace {

using cryptoki::ReturnValueName;

struct Mechanism {
  CK_MECHANISM raw{};
  CK_RSA_PKCS_PSS_PARAMS pss{};
};

class Host {
 public:
  explicit Host(CK_FUNCTION_LIST* functions) : p11_(functions) {}

  std::string Handle(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "find") return Find(Rest(words));
    if (command == "sign") {
      const std::string mechanism = Word(words);
      return Sign(mechanism, Rest(words));
    }
    if (command == "parts") {
      const std::string mechanism = Word(words);
      const std::string text = Word(words);
      return Parts(mechanism, text, std::stoul(Word(words)));
    }
    if (command == "begin") return ReturnValueName(Begin(Word(words)));
    if (command == "end") return End(Rest(words));
    if (command == "sizes") {
      const std::string mechanism = Word(words);
      return Sizes(mechanism, std::stoul(Word(words)));
    }
    if (command == "public") return Public(Rest(words));
    if (command.rfind("verify", 0) == 0) return Verify(command == "verify-parts", words);
    if (command.rfind("digest", 0) == 0) return Digest(command == "digest-parts", words);
    if (command == "encrypt") return Encrypt(words);
    if (command == "random") return Random(std::stoul(Word(words)));
    if (command == "certificates") return Certificates();
    if (command == "login") return Login(Rest(words));
    if (command == "logout") return ReturnValueName(p11_->C_Logout(session_));
    if (command == "initialize") return ReturnValueName(p11_->C_Initialize(nullptr));
    if (command == "finalize") return Finalize();
    if (command == "slots") return Slots();
    if (command == "fork") return Fork();
    return "unknown command";
  }

 private:
  static std::string Word(std::istringstream& words) {
    std::string word;
    words >> word;
    return word;
  }

  static std::string Rest(std::istringstream& words) {
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  static std::string At(const char* function, CK_RV rv) {
    return ReturnValueName(rv) + " " + function;
  }

  // The session is opened when it is first needed, on the first token.
  CK_RV Open() {
    if (session_ != 0) return CKR_OK;
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    if (const CK_RV rv = p11_->C_GetSlotList(CK_TRUE, slots, &count); rv != CKR_OK) return rv;
    if (count == 0) return CKR_TOKEN_NOT_PRESENT;
    return p11_->C_OpenSession(slots[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session_);
  }

  CK_RV FindObject(CK_OBJECT_CLASS object_class, const std::string& label,
                   CK_OBJECT_HANDLE* object) {
    if (const CK_RV rv = Open(); rv != CKR_OK) return rv;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class},
                             {CKA_LABEL, const_cast<char*>(label.data()), label.size()}};
    CK_RV rv = p11_->C_FindObjectsInit(session_, wanted, 2);
    if (rv != CKR_OK) return rv;
    CK_ULONG found = 0;
    rv = p11_->C_FindObjects(session_, object, 1, &found);
    p11_->C_FindObjectsFinal(session_);
    if (rv == CKR_OK && found == 0) return CKR_OBJECT_HANDLE_INVALID;
    return rv;
  }

  std::string Find(const std::string& label) {
    label_ = label;
    return ReturnValueName(FindObject(CKO_PRIVATE_KEY, label, &key_));
  }

  // PSS gets the mechanism's own hash, or SHA-256, and a salt as long as the digest.
  static std::optional<CK_MECHANISM_TYPE> TypeOf(const std::string& name) {
    if (const auto type = cryptoki::MechanismByName(name)) return type;
    for (const auto& facts : cryptoki::DigestMechanisms()) {
      if (cryptoki::MechanismName(facts.type) == name) return facts.type;
    }
    return {};
  }

  static bool MakeMechanism(const std::string& name, Mechanism& mechanism) {
    const auto type = TypeOf(name);
    if (!type) return false;
    mechanism.raw = {*type, nullptr, 0};
    const auto* facts = cryptoki::FindSigningMechanism(*type);
    if (facts != nullptr && facts->scheme == cryptoki::Scheme::kRsaPss) {
      const auto& hash = cryptoki::FactsOf(facts->hash.value_or(cryptoki::Hash::kSha256));
      mechanism.pss = {hash.mechanism, hash.mgf, hash.digest_bytes};
      mechanism.raw.pParameter = &mechanism.pss;
      mechanism.raw.ulParameterLen = sizeof mechanism.pss;
    }
    return true;
  }

  CK_RV Begin(const std::string& name) {
    if (const CK_RV rv = Open(); rv != CKR_OK) return rv;
    Mechanism mechanism;
    if (!MakeMechanism(name, mechanism)) return CKR_MECHANISM_INVALID;
    return p11_->C_SignInit(session_, &mechanism.raw, key_);
  }

  // Text that begins with "hex:" stands for the bytes it spells.
  static Bytes DataOf(const std::string& text) {
    Bytes data;
    if (text.rfind("hex:", 0) != 0) return {text.begin(), text.end()};
    for (size_t i = 4; i + 1 < text.size(); i += 2) {
      data.push_back(static_cast<uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
    }
    return data;
  }

  std::string End(const std::string& text) {
    Bytes data = DataOf(text);
    Bytes signature(2048);
    CK_ULONG size = signature.size();
    const CK_RV rv = p11_->C_Sign(session_, data.data(), data.size(), signature.data(), &size);
    if (rv != CKR_OK) return At("C_Sign", rv);
    return "CKR_OK " + Hex(ByteView(signature).first(size));
  }

  std::string Sign(const std::string& mechanism, const std::string& text) {
    if (const CK_RV rv = Begin(mechanism); rv != CKR_OK) return At("C_SignInit", rv);
    return End(text);
  }

  std::string Parts(const std::string& mechanism, const std::string& text, size_t piece) {
    if (const CK_RV rv = Begin(mechanism); rv != CKR_OK) return At("C_SignInit", rv);
    Bytes data = DataOf(text);
    if (const CK_RV fed = Feed(p11_->C_SignUpdate, data, piece); fed != CKR_OK) {
      return At("C_SignUpdate", fed);
    }
    Bytes signature(2048);
    CK_ULONG size = signature.size();
    const CK_RV rv = p11_->C_SignFinal(session_, signature.data(), &size);
    if (rv != CKR_OK) return At("C_SignFinal", rv);
    return "CKR_OK " + Hex(ByteView(signature).first(size));
  }

  std::string Sizes(const std::string& mechanism, size_t times) {
    if (const CK_RV rv = Begin(mechanism); rv != CKR_OK) return At("C_SignInit", rv);
    CK_BYTE digest[32] = {};
    CK_ULONG size = 0;
    for (size_t i = 0; i < times; ++i) {
      const CK_RV rv = p11_->C_Sign(session_, digest, sizeof digest, nullptr, &size);
      if (rv != CKR_OK) return At("C_Sign", rv);
    }
    CK_BYTE small = 0;
    CK_ULONG small_size = 1;
    const CK_RV rv = p11_->C_Sign(session_, digest, sizeof digest, &small, &small_size);
    if (small_size != size) return "the two sizes differ";
    p11_->C_CloseSession(session_);
    session_ = 0;
    return ReturnValueName(rv) + " " + std::to_string(size);
  }

  std::string Attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    Bytes value(4096);
    CK_ATTRIBUTE attribute{type, value.data(), value.size()};
    if (p11_->C_GetAttributeValue(session_, object, &attribute, 1) != CKR_OK) return "-";
    return Hex(ByteView(value).first(attribute.ulValueLen));
  }

  std::string Public(const std::string& label) {
    CK_OBJECT_HANDLE object = 0;
    if (const CK_RV rv = FindObject(CKO_PUBLIC_KEY, label, &object); rv != CKR_OK) {
      return ReturnValueName(rv);
    }
    return "CKR_OK " + Attribute(object, CKA_MODULUS) + " " +
           Attribute(object, CKA_PUBLIC_EXPONENT) + " " + Attribute(object, CKA_EC_PARAMS) + " " +
           Attribute(object, CKA_EC_POINT);
  }

  std::string Verify(bool in_parts, std::istringstream& words) {
    CK_OBJECT_HANDLE key = 0;
    const CK_RV found = FindObject(CKO_PUBLIC_KEY, Word(words), &key);
    if (found != CKR_OK) return ReturnValueName(found);
    Mechanism mechanism;
    if (!MakeMechanism(Word(words), mechanism)) return "no such mechanism";
    Bytes signature = DataOf("hex:" + Word(words));
    Bytes data = DataOf(Word(words));
    CK_RV rv = p11_->C_VerifyInit(session_, &mechanism.raw, key);
    if (rv != CKR_OK) return At("C_VerifyInit", rv);
    if (!in_parts) {
      rv = p11_->C_Verify(session_, data.data(), data.size(), signature.data(), signature.size());
      return ReturnValueName(rv);
    }
    rv = Feed(p11_->C_VerifyUpdate, data, std::stoul(Word(words)));
    if (rv != CKR_OK) return At("C_VerifyUpdate", rv);
    return ReturnValueName(p11_->C_VerifyFinal(session_, signature.data(), signature.size()));
  }

  std::string Digest(bool in_parts, std::istringstream& words) {
    if (const CK_RV rv = Open(); rv != CKR_OK) return ReturnValueName(rv);
    Mechanism mechanism;
    if (!MakeMechanism(Word(words), mechanism)) return "no such mechanism";
    Bytes data = DataOf(Word(words));
    CK_RV rv = p11_->C_DigestInit(session_, &mechanism.raw);
    if (rv != CKR_OK) return At("C_DigestInit", rv);
    Bytes digest(64);
    CK_ULONG size = digest.size();
    if (in_parts) {
      rv = Feed(p11_->C_DigestUpdate, data, std::stoul(Word(words)));
      if (rv == CKR_OK) rv = p11_->C_DigestFinal(session_, digest.data(), &size);
    } else {
      rv = p11_->C_Digest(session_, data.data(), data.size(), digest.data(), &size);
    }
    if (rv != CKR_OK) return ReturnValueName(rv);
    return "CKR_OK " + Hex(ByteView(digest).first(size));
  }

  CK_RV Feed(CK_C_SignUpdate update, Bytes& data, size_t piece) {
    for (size_t at = 0; at < data.size(); at += piece) {
      const CK_RV rv = update(session_, data.data() + at, std::min(piece, data.size() - at));
      if (rv != CKR_OK) return rv;
    }
    return CKR_OK;
  }

  // RSA-PKCS, or RSA-PKCS-OAEP with SHA-1, which is all that SoftHSM knows.
  std::string Encrypt(std::istringstream& words) {
    CK_OBJECT_HANDLE key = 0;
    const CK_RV found = FindObject(CKO_PUBLIC_KEY, Word(words), &key);
    if (found != CKR_OK) return ReturnValueName(found);
    CK_RSA_PKCS_OAEP_PARAMS oaep{CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, nullptr, 0};
    CK_MECHANISM mechanism{CKM_RSA_PKCS, nullptr, 0};
    if (Word(words) == "RSA-PKCS-OAEP") mechanism = {CKM_RSA_PKCS_OAEP, &oaep, sizeof oaep};
    Bytes data = DataOf(Word(words));
    CK_RV rv = p11_->C_EncryptInit(session_, &mechanism, key);
    if (rv != CKR_OK) return At("C_EncryptInit", rv);
    Bytes encrypted(2048);
    CK_ULONG size = encrypted.size();
    rv = p11_->C_Encrypt(session_, data.data(), data.size(), encrypted.data(), &size);
    if (rv != CKR_OK) return At("C_Encrypt", rv);
    return "CKR_OK " + Hex(ByteView(encrypted).first(size));
  }

  std::string Random(size_t bytes) {
    if (const CK_RV rv = Open(); rv != CKR_OK) return ReturnValueName(rv);
    Bytes random(bytes);
    const CK_RV rv = p11_->C_GenerateRandom(session_, random.data(), random.size());
    return rv == CKR_OK ? "CKR_OK " + Hex(random) : ReturnValueName(rv);
  }

  std::string Certificates() {
    if (const CK_RV rv = Open(); rv != CKR_OK) return ReturnValueName(rv);
    CK_OBJECT_CLASS object_class = CKO_CERTIFICATE;
    CK_ATTRIBUTE wanted{CKA_CLASS, &object_class, sizeof object_class};
    CK_OBJECT_HANDLE objects[16];
    CK_ULONG count = 0;
    p11_->C_FindObjectsInit(session_, &wanted, 1);
    p11_->C_FindObjects(session_, objects, 16, &count);
    p11_->C_FindObjectsFinal(session_);
    std::string all = "CKR_OK";
    for (CK_ULONG i = 0; i < count; ++i) {
      for (CK_ATTRIBUTE_TYPE type : {CKA_LABEL, CKA_ID, CKA_SUBJECT, CKA_ISSUER, CKA_VALUE}) {
        all += " " + Attribute(objects[i], type);
      }
    }
    return all;
  }

  std::string Login(std::string pin) {
    if (const CK_RV rv = Open(); rv != CKR_OK) return ReturnValueName(rv);
    auto* bytes = reinterpret_cast<CK_UTF8CHAR*>(pin.data());
    return ReturnValueName(p11_->C_Login(session_, CKU_USER, bytes, pin.size()));
  }

  std::string Finalize() {
    session_ = 0;
    return ReturnValueName(p11_->C_Finalize(nullptr));
  }

  std::string Slots() {
    CK_ULONG all = 0;
    CK_ULONG present = 0;
    CK_RV rv = p11_->C_GetSlotList(CK_FALSE, nullptr, &all);
    if (rv == CKR_OK) rv = p11_->C_GetSlotList(CK_TRUE, nullptr, &present);
    return ReturnValueName(rv) + " " + std::to_string(all) + " " + std::to_string(present);
  }

  // In the child: a call without C_Initialize, the parent's operation, then a life of its own.
  std::string ChildReport() {
    std::string report = End("hex:" + std::string(64, '0'));
    report += ", " + ReturnValueName(p11_->C_Initialize(nullptr));
    session_ = 0;
    report += ", " + Find(label_);
    report += ", " + Sign("ECDSA", "hex:" + std::string(64, '1')).substr(0, 6);
    return report;
  }

  std::string Fork() {
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
      const std::string report = ChildReport();
      const bool written =
          write(ends[1], report.data(), report.size()) == static_cast<ssize_t>(report.size());
      _exit(written ? 0 : 1);
    }
    close(ends[1]);
    std::string report(1024, '\0');
    const ssize_t size = read(ends[0], report.data(), report.size());
    close(ends[0]);
    waitpid(child, nullptr, 0);
    report.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return report;
  }

  CK_FUNCTION_LIST* p11_;
  CK_SESSION_HANDLE session_ = 0;
  CK_OBJECT_HANDLE key_ = 0;
  std::string label_;
};

int Main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::cout << dlerror() << std::endl;
    return 1;
  }
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get_list == nullptr || get_list(&functions) != CKR_OK) return 1;
  Host host(functions);
  std::cout << ReturnValueName(functions->C_Initialize(nullptr)) << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) std::cout << host.Handle(line) << std::endl;
  return 0;
}

}  // namespace
}  // namespace grant

int main(int argc, char** argv) {
  return grant::Main(argc, argv);
}
