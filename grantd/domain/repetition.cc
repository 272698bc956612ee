#include "grantd/domain/repetition.h"

#include <algorithm>
#include <vector>

namespace grant {
namespace {

template <typename T>
std::vector<std::string> SortedTexts(const std::vector<T>& values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const T& value : values) texts.push_back(value.text());
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

}  // namespace

Status CheckIdempotencyKey(std::string_view key) {
  if (key.size() > kIdempotencyKeyBytesMax) {
    return Fail(Code::kTooLarge, "the Idempotency-Key is longer than " +
                                     std::to_string(kIdempotencyKeyBytesMax) + " bytes");
  }
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (key.empty() || !printable) {
    return Fail(Code::kInvalid, "the Idempotency-Key is not printable ASCII without blanks",
                "use a random text such as a UUID");
  }
  return {};
}

bool AsksTheSame(const Wish& wish, const Request& request) {
  std::vector<Digest> digests = wish.digests;
  for (const NamedFile& file : wish.files) digests.push_back(file.digest);
  return wish.signer == request.signer && wish.window == request.window &&
         wish.signings == request.signings && wish.justification == request.justification &&
         wish.with_secret == request.secret_hash.has_value() &&
         SortedTexts(digests) == SortedTexts(request.digests) &&
         SortedTexts(wish.scopes) == SortedTexts(request.scopes);
}

}  // namespace grant
