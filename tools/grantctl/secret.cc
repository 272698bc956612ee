#include "tools/grantctl/secret.h"

#include <sys/resource.h>

#include <algorithm>
#include <cctype>

#include "grant/wipe.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

constexpr std::string_view kKey = R"(,"secret":")";
constexpr std::string_view kEnd = R"("})";

bool IsPlain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
}

}  // namespace

std::string TakeSecret(std::string& answer) {
  const size_t key = answer.rfind(kKey);
  if (key == std::string::npos || !answer.ends_with(kEnd)) return {};
  const size_t begin = key + kKey.size();
  const size_t length = answer.size() - kEnd.size() - begin;
  if (!IsPlain(std::string_view(answer).substr(begin, length))) return {};
  std::string secret = answer.substr(begin, length);
  std::fill_n(answer.begin() + static_cast<std::ptrdiff_t>(key), answer.size() - key, ' ');
  answer[key] = '}';
  return secret;
}

void TellSecret(Context& context, const std::string& secret) {
  context.around.out << "Secret  " << secret << "\n"
                     << "        shown only this once; once the request is approved, it is used "
                        "as the PIN\n"
                     << std::flush;
}

void PrintWithSecret(Context& context, const Json& object, const std::string& secret) {
  std::string text = SanitiseJson(object.dump(2));
  text.resize(text.size() - std::string_view("\n}").size());
  context.around.out << text << ",\n  \"secret\": \"" << secret << "\"\n}\n";
}

void ForbidCoreDumps() {
  // A limit of one byte also keeps the dump from a program that core_pattern pipes it to.
  constexpr rlimit kNone{1, 1};
  setrlimit(RLIMIT_CORE, &kNone);
}

}  // namespace grant::ctl
