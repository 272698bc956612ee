#include "tools/grantctl/file_digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "grant/bytes.h"

namespace grant::ctl {
namespace {

struct Release {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

tl::unexpected<Failure> CannotRead(const std::string& path, int error) {
  return Failed(Exit::kFailed,
                fmt::format("cannot read {}: {}", path,
                            std::error_code(error, std::generic_category()).message()),
                "--file names the file whose SHA-256 will be signed");
}

}  // namespace

Outcome<std::string> Sha256OfFile(const std::string& path) {
  const std::unique_ptr<std::FILE, Release> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return CannotRead(path, errno);
  const std::unique_ptr<EVP_MD_CTX, Release> context(EVP_MD_CTX_new());
  bool hashed = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;

  std::array<uint8_t, 65536> piece;
  size_t bytes = 0;
  while (hashed && (bytes = std::fread(piece.data(), 1, piece.size(), file.get())) > 0) {
    hashed = EVP_DigestUpdate(context.get(), piece.data(), bytes) == 1;
  }
  if (std::ferror(file.get()) != 0) return CannotRead(path, errno);

  std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned digest_bytes = 0;
  hashed = hashed && EVP_DigestFinal_ex(context.get(), digest.data(), &digest_bytes) == 1;
  if (!hashed) return Failed(Exit::kFailed, "OpenSSL cannot compute a SHA-256");
  return "sha256:" + Hex(ByteView(digest.data(), digest_bytes));
}

}  // namespace grant::ctl
