#include "grantd/api/wish.h"

#include <utility>

#include "grantd/api/window.h"

namespace grant::api {
namespace {

Result<std::vector<Digest>> ReadDigests(const ObjectReader& reader) {
  std::vector<Digest> digests;
  if (!reader.Names("digests")) return digests;
  GRANT_TRY(const std::vector<std::string> texts, reader.Texts("digests"));
  for (const std::string& text : texts) {
    GRANT_TRY(Digest digest, Under(reader, "digests", Digest::Parse(text)));
    digests.push_back(std::move(digest));
  }
  return digests;
}

Result<std::vector<NamedFile>> ReadFiles(const ObjectReader& reader) {
  std::vector<NamedFile> files;
  if (!reader.Names("files")) return files;
  GRANT_TRY(const auto objects, reader.Objects("files"));
  for (const nlohmann::json* object : objects) {
    GRANT_TRY(const ObjectReader file,
              ObjectReader::Open(*object, "files[" + std::to_string(files.size()) + "]",
                                 {"name", "digest"}));
    NamedFile named;
    GRANT_TRY(named.name, file.Text("name"));
    if (named.name.empty()) return Fail(Code::kInvalid, "'" + file.PathOf("name") + "' is empty");
    GRANT_TRY(const std::string text, file.Text("digest"));
    GRANT_TRY(named.digest, Under(file, "digest", Digest::Parse(text)));
    files.push_back(std::move(named));
  }
  return files;
}

Result<std::vector<Scope>> ReadScopes(const ObjectReader& reader, const Peer& peer) {
  std::vector<Scope> scopes;
  if (!reader.Names("scopes")) return scopes;
  GRANT_TRY(const std::vector<std::string> texts, reader.Texts("scopes"));
  for (const std::string& text : texts) {
    GRANT_TRY(Scope scope, Under(reader, "scopes", Scope::Parse(text)));
    // grantd sees the programs of a user or of none of them.
    if (scope.key == ScopeKey::kProgram && peer.program.empty()) {
      return Fail(Code::kInvalid,
                  "grantd cannot see which program " + peer.identity.principal.text() +
                      " runs, so a scope 'program' would never be met",
                  "leave it out, or have grantd started with the capability CAP_SYS_PTRACE");
    }
    scopes.push_back(std::move(scope));
  }
  return scopes;
}

}  // namespace

Result<Wish> ReadWish(const ObjectReader& reader, const Peer& peer) {
  Wish wish;
  GRANT_TRY(wish.signer, reader.Text("signer"));
  GRANT_TRY(const int64_t signings, reader.Integer("signings", 1, kSigningsMax));
  wish.signings = static_cast<uint32_t>(signings);
  GRANT_TRY(const nlohmann::json* window, reader.Object("window"));
  GRANT_TRY(wish.window, ReadWindow(*window));
  GRANT_TRY(wish.digests, ReadDigests(reader));
  GRANT_TRY(wish.files, ReadFiles(reader));
  GRANT_TRY(wish.scopes, ReadScopes(reader, peer));
  if (reader.Has("secret")) {
    GRANT_TRY(wish.with_secret, reader.Bool("secret"));
  }
  return wish;
}

}  // namespace grant::api
