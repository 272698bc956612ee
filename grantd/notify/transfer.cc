#include "grantd/notify/transfer.h"

#include <algorithm>

namespace grant {
namespace {

constexpr size_t kErrorBytesMax = 200;

size_t Discard(char* /*data*/, size_t size, size_t count, void* /*unused*/) {
  return size * count;
}

int AbortWhenStopping(void* stop, curl_off_t /*down*/, curl_off_t /*down_now*/, curl_off_t /*up*/,
                      curl_off_t /*up_now*/) {
  return static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

// The text may be the server's own.
std::string Printable(std::string text) {
  text.resize(std::min(text.size(), kErrorBytesMax));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c >= 0x7f; }, '?');
  return text;
}

}  // namespace

TextList::TextList(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) list_ = curl_slist_append(list_, text.c_str());
}

TextList::~TextList() {
  curl_slist_free_all(list_);
}

Transfer::Transfer(const std::string& url, const char* protocols, const std::string& ca_file,
                   Duration timeout, const std::atomic<bool>& stop)
    : curl_(curl_easy_init()) {
  if (!curl_) {
    set_up_ = CURLE_FAILED_INIT;
    return;
  }
  Set(CURLOPT_URL, url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, protocols);
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_SSL_VERIFYPEER, 1L);
  Set(CURLOPT_SSL_VERIFYHOST, 2L);
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) Set(CURLOPT_CAINFO, ca_file.c_str());
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_WRITEFUNCTION, &Discard);
  Set(CURLOPT_NOPROGRESS, 0L);
  Set(CURLOPT_XFERINFOFUNCTION, &AbortWhenStopping);
  Set(CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stop));
}

Transfer::Result Transfer::Run() {
  Result result;
  result.code = set_up_ == CURLE_OK ? curl_easy_perform(curl_.get()) : set_up_;
  if (curl_) curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &result.status);
  if (result.code != CURLE_OK) {
    result.error = Printable(message_[0] != 0 ? message_.data() : curl_easy_strerror(result.code));
  }
  return result;
}

}  // namespace grant
