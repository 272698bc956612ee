#include "tools/grantctl/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <strings.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>

#include "grant/wipe.h"
#include "tools/grantctl/secret.h"

namespace grant::ctl {
namespace {

constexpr std::string_view kScheme = "unix:";
constexpr const char* kJsonType = "application/json";
constexpr const char* kBytesType = "application/octet-stream";
constexpr long kConnectSeconds = 5;
// More than a request of the largest size has.
constexpr size_t kSecretAnswerBytes = size_t{1} * 1024 * 1024;

struct Answer {
  std::string body;
  std::string etag;
  bool too_large = false;
};

size_t Receive(char* data, size_t size, size_t count, void* target) {
  auto* answer = static_cast<Answer*>(target);
  const size_t bytes = size * count;
  if (bytes > kAnswerBytesMax - answer->body.size()) {
    answer->too_large = true;
    return 0;
  }
  answer->body.append(data, bytes);
  return bytes;
}

// One line of the head.
size_t ReceiveField(char* data, size_t size, size_t count, void* target) {
  static constexpr std::string_view kName = "etag:";
  static constexpr const char* kBlanks = " \t\r\n";
  const std::string_view line(data, size * count);
  if (line.size() > kName.size() && strncasecmp(data, kName.data(), kName.size()) == 0) {
    std::string_view value = line.substr(kName.size());
    value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    static_cast<Answer*>(target)->etag = value.substr(0, value.find_last_not_of(kBlanks) + 1);
  }
  return line.size();
}

// The head of a request with a body.
class Headers {
 public:
  Headers(const std::string& etag, const std::string& idempotency_key, const char* type) {
    Add(std::string("Content-Type: ") + type);
    // grantd reads a body at once; waiting for "100 Continue" would only cost time.
    Add("Expect:");
    if (!etag.empty()) Add("If-Match: " + etag);
    if (!idempotency_key.empty()) Add("Idempotency-Key: " + idempotency_key);
  }
  ~Headers() { curl_slist_free_all(list_); }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;

  curl_slist* list() const { return list_; }
  bool complete() const { return complete_; }

 private:
  void Add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_, line.c_str());
    complete_ = complete_ && longer != nullptr;
    if (longer != nullptr) list_ = longer;
  }

  curl_slist* list_ = nullptr;
  bool complete_ = true;
};

std::string HintForErrno(int error) {
  if (error == EACCES || error == EPERM) {
    return "your user may not open the socket: see 'ls -l' on it and on its directory";
  }
  return "is grantd running? its socket is named by --api or "
         "GRANTD_API";
}

tl::unexpected<Failure> TransportFailure(CURL* curl, CURLcode code, const std::string& socket,
                                         std::chrono::seconds timeout) {
  if (code == CURLE_COULDNT_CONNECT) {
    long error = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &error);
    const std::string why =
        error == 0 ? curl_easy_strerror(code)
                   : std::error_code(static_cast<int>(error), std::generic_category()).message();
    return Failed(Exit::kUnreachable,
                  fmt::format("grantd cannot be reached at unix:{}: {}", socket, why),
                  HintForErrno(static_cast<int>(error)));
  }
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return tl::unexpected<Failure>(
        Failure{Exit::kPending, fmt::format("grantd did not answer within {} s", timeout.count()),
                "what was asked may still happen: look before repeating it", /*uncertain=*/true});
  }
  return tl::unexpected<Failure>(
      Failure{Exit::kUnreachable,
              fmt::format("the connection to grantd failed: {}", curl_easy_strerror(code)),
              "what was asked may have happened: look before repeating it", /*uncertain=*/true});
}

}  // namespace

Outcome<std::string> SocketOf(const std::string& address) {
  const bool is_unix = address.starts_with(kScheme) && address.size() > kScheme.size();
  const std::string path = is_unix ? address.substr(kScheme.size()) : std::string();
  if (!path.starts_with('/')) {
    return Failed(Exit::kUsage, fmt::format("'{}' is not an address of grantd", address),
                  "write it as unix:/run/grantd/api.sock in --api or GRANTD_API");
  }
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Failed(Exit::kUsage, fmt::format("the socket path '{}' is too long", path),
                  fmt::format("a Unix socket's path has at most {} bytes",
                              sizeof(sockaddr_un::sun_path) - 1));
  }
  return path;
}

std::string Escape(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    // Not "~" and ".", although RFC 3986 lets them be: a segment ".." would leave the route.
    if (byte < 0x80 && (std::isalnum(byte) != 0 || c == '-' || c == '_')) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", byte);
    }
  }
  return escaped;
}

struct Client::Handle {
  Handle() : curl(curl_easy_init()) {}
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* curl;
};

Client::Client(std::string socket)
    : socket_(std::move(socket)), handle_(std::make_unique<Handle>()) {}

Client::~Client() = default;

Outcome<Json> Client::Get(const std::string& path, const Query& query,
                          std::chrono::seconds timeout) {
  std::string target = path;
  for (const auto& [key, value] : query) {
    target += fmt::format("{}{}={}", target == path ? '?' : '&', key, Escape(value));
  }
  GRANT_TRY(Tagged answer, Call(target, nullptr, timeout, nullptr));
  return std::move(answer.object);
}

Outcome<Tagged> Client::GetTagged(const std::string& path) {
  return Call(path, nullptr, kCallTimeout, nullptr);
}

Outcome<Json> Client::Post(const std::string& path, const Json& body, const std::string& etag,
                           std::string* secret) {
  // Arguments are whatever bytes the shell passed; JSON is UTF-8.
  const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  const Sent sent{text, etag, {}};
  GRANT_TRY(Tagged answer, Call(path, &sent, kCallTimeout, secret));
  return std::move(answer.object);
}

Outcome<Json> Client::PostOnce(const std::string& path, const Json& body, const std::string& key,
                               std::chrono::seconds timeout) {
  const std::string text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  const Sent sent{text, {}, key};
  GRANT_TRY(Tagged answer, Call(path, &sent, timeout, nullptr));
  return std::move(answer.object);
}

Outcome<Json> Client::SendSecret(const std::string& path, std::string_view secret) {
  const Sent sent{secret, {}, {}, true};
  GRANT_TRY(Tagged answer, Call(path, &sent, kCallTimeout, nullptr));
  return std::move(answer.object);
}

Outcome<Tagged> Client::Call(const std::string& target, const Sent* sent,
                             std::chrono::seconds timeout, std::string* secret) {
  CURL* curl = handle_->curl;
  const Headers headers(sent == nullptr ? std::string() : sent->etag,
                        sent == nullptr ? std::string() : sent->idempotency_key,
                        sent != nullptr && sent->is_secret ? kBytesType : kJsonType);
  if (curl == nullptr || !headers.complete()) {
    return Failed(Exit::kFailed, "libcurl cannot be set up");
  }
  Answer answer;
  const WipeAtEnd<std::string> wipe(answer.body);
  // A text that grows leaves copies of itself behind.
  if (secret != nullptr) answer.body.reserve(kSecretAnswerBytes);
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, ("http://grantd" + target).c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "grantctl/" GRANT_VERSION);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Receive);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &ReceiveField);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer);
  if (sent != nullptr) {
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sent->body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent->body.data());
  }

  const CURLcode code = curl_easy_perform(curl);
  if (answer.too_large) {
    return Failed(Exit::kFailed, "grantd's answer is larger than 64 MiB",
                  "ask for fewer with --limit");
  }
  if (code != CURLE_OK) return TransportFailure(curl, code, socket_, timeout);

  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) {
    return tl::unexpected<Failure>(FailureOfAnswer(status, answer.body));
  }
  if (secret != nullptr) *secret = TakeSecret(answer.body);
  Json object = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return Failed(Exit::kFailed, fmt::format("what answers at unix:{} is not grantd", socket_),
                  "--api or GRANTD_API names grantd's api socket, not its gate socket");
  }
  return Tagged{std::move(object), std::move(answer.etag)};
}

}  // namespace grant::ctl
