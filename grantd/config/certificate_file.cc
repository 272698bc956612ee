#include "grantd/config/certificate_file.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace grant {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

std::string ContentOf(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  return length > 0 ? std::string(bytes, static_cast<size_t>(length)) : std::string();
}

// Whether reading stopped at the end of the PEM blocks, and not at a damaged one.
bool ReachedEnd() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// OpenSSL would ask the terminal for the password of an encrypted block.
int NoPassword(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<std::string> ReadCertificates(const std::string& pem) {
  if (pem.find("PRIVATE KEY-----") != std::string::npos) {
    return Fail(Code::kInvalid, "holds a private key", "leave only the certificates in it");
  }
  const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
  if (in == nullptr || out == nullptr) return Fail(Code::kInternal, "out of memory");
  ERR_clear_error();
  size_t count = 0;
  while (true) {
    const Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, NoPassword, nullptr),
                                  &X509_free);
    if (certificate == nullptr) break;
    if (++count > kCertificatesMax) {
      return Fail(Code::kTooLarge,
                  fmt::format("holds more than {} certificates", kCertificatesMax));
    }
    if (PEM_write_bio_X509(out.get(), certificate.get()) != 1) {
      return Fail(Code::kInternal, "out of memory");
    }
  }
  if (!ReachedEnd()) return Fail(Code::kInvalid, "holds a damaged certificate");
  if (count == 0) {
    return Fail(Code::kInvalid, "holds no certificate in PEM",
                "convert it: openssl x509 -inform der -in FILE -out FILE.pem");
  }
  return ContentOf(out.get());
}

}  // namespace grant
