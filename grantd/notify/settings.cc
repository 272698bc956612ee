#include "grantd/notify/settings.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <initializer_list>
#include <memory>

namespace grant {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

// A part of the URL, or nothing where it has none.
std::optional<std::string> Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, FreeText> owned(text);
  return std::string(text);
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

// The message never holds the URL, which may have a secret in it.
tl::unexpected<Error> Wrong(const std::string& what, const std::string& hint) {
  return Fail(Code::kInvalid, what, hint);
}

Result<NotifyUrl> ParseUrl(CURLU* url, const std::string& text,
                           std::initializer_list<std::string_view> schemes,
                           const std::string& example) {
  const std::string hint = "write it as " + example;
  if (curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return Wrong("it is no URL", hint);
  }
  const std::string scheme = Part(url, CURLUPART_SCHEME).value_or("");
  bool known = false;
  for (const std::string_view one : schemes) known |= scheme == one;
  if (!known) return Wrong(fmt::format("it is of the scheme '{}'", scheme), hint);
  const std::string host = Part(url, CURLUPART_HOST).value_or("");
  if (host.empty()) return Wrong("it names no host", hint);
  if (Part(url, CURLUPART_USER) || Part(url, CURLUPART_PASSWORD)) {
    return Wrong("it holds a user or a password", hint);
  }
  const auto port = Part(url, CURLUPART_PORT);
  return NotifyUrl{scheme, fmt::format("{}://{}{}", scheme, host, port ? ":" + *port : ""),
                   IsLoopback(host)};
}

}  // namespace

Result<NotifyUrl> ParseWebhookUrl(const std::string& text) {
  const ParsedUrl url(curl_url());
  GRANT_TRY(NotifyUrl parsed, ParseUrl(url.get(), text, {"http", "https"}, "https://HOST/PATH"));
  if (Part(url.get(), CURLUPART_FRAGMENT)) {
    return Wrong("it has a fragment, which no receiver sees", "leave out # and what follows");
  }
  return parsed;
}

Result<NotifyUrl> ParseMailUrl(const std::string& text) {
  const std::string example = "smtp://HOST:PORT or smtps://HOST:PORT";
  const ParsedUrl url(curl_url());
  GRANT_TRY(NotifyUrl parsed, ParseUrl(url.get(), text, {"smtp", "smtps"}, example));
  if (Part(url.get(), CURLUPART_PATH).value_or("/") != "/" || Part(url.get(), CURLUPART_QUERY) ||
      Part(url.get(), CURLUPART_FRAGMENT)) {
    return Wrong("it has more than host and port", "write it as " + example);
  }
  return parsed;
}

}  // namespace grant
