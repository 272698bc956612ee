// One libcurl transfer with the rules that all of grantd's have: a deadline, no redirects, verified
// TLS, no signals, and an end when grantd stops.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>

#include "grantd/domain/time.h"
#include "grantd/notify/channel.h"

namespace grant {

// libcurl's list of texts.
class TextList {
 public:
  TextList(std::initializer_list<std::string> texts);
  TextList(const TextList&) = delete;
  TextList& operator=(const TextList&) = delete;
  ~TextList();
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

class Transfer {
 public:
  // `protocols` as in "http,https". Ends within about a second once `stop` is true.
  Transfer(const std::string& url, const char* protocols, const std::string& ca_file,
           Duration timeout, const std::atomic<bool>& stop);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  template <typename T>
  void Set(CURLoption option, T value) {
    if (set_up_ == CURLE_OK) set_up_ = curl_easy_setopt(curl_.get(), option, value);
  }

  struct Result {
    CURLcode code = CURLE_OK;
    long status = 0;    // the last one that the server said, 0 if none
    std::string error;  // where code is not CURLE_OK: printable ASCII
  };
  Result Run();

 private:
  struct Free {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };

  std::unique_ptr<CURL, Free> curl_;
  CURLcode set_up_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> message_{};
};

}  // namespace grant
