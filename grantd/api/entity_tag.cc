#include "grantd/api/entity_tag.h"

#include <algorithm>

#include "grantd/api/fingerprint.h"

namespace grant::api {
namespace {

constexpr size_t kTagBytes = 16;  // of a SHA-256

void SkipBlanks(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
}

// Takes a tag from the beginning of the list, with its quotes; nothing where there is none.
std::optional<std::string> TakeTag(std::string_view& list) {
  if (!list.starts_with('"')) return std::nullopt;
  const size_t end = list.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  std::string tag(list.substr(0, end + 1));
  list.remove_prefix(end + 1);
  return tag;
}

}  // namespace

std::string EntityTag(std::string_view json) {
  return '"' + Fingerprint(json, kTagBytes) + '"';
}

Result<IfMatch> IfMatch::Parse(const std::optional<std::string>& field) {
  IfMatch match;
  if (!field) return match;
  match.given_ = true;
  if (*field == "*") {
    match.any_ = true;
    return match;
  }
  std::string_view rest = *field;
  for (bool more = true; more;) {
    SkipBlanks(rest);
    const bool weak = rest.starts_with("W/");
    if (weak) rest.remove_prefix(2);
    auto tag = TakeTag(rest);
    SkipBlanks(rest);
    if (!tag || (!rest.empty() && rest.front() != ',')) {
      return Fail(Code::kInvalid, "If-Match is no list of entity tags",
                  "send the ETag of the GET as it came, with its quotes");
    }
    if (!weak) match.tags_.push_back(*std::move(tag));
    more = !rest.empty();
    if (more) rest.remove_prefix(1);
  }
  return match;
}

Status IfMatch::Check(std::string_view tag, const std::string& what,
                      const std::string& hint) const {
  if (!given_ || any_ || std::find(tags_.begin(), tags_.end(), tag) != tags_.end()) return {};
  return Fail(Code::kStale, what + " changed meanwhile", hint);
}

}  // namespace grant::api
