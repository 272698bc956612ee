// A stand-in for grantd's REST API: canned answers on a Unix socket, and a record of what was
// asked.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tools/grantctl/json.h"

namespace grant::ctl {

struct FakeCall {
  std::string method;
  std::string target;  // path and query as they came
  std::string body;
  std::string if_match;
  std::string idempotency_key;

  Json json() const { return Json::parse(body); }
};

struct FakeAnswer {
  int status = 200;
  std::string body;
  bool hang_up = false;  // close the connection without an answer
  std::string etag = {};
};

FakeAnswer Problem(int status, const std::string& code, const std::string& detail,
                   const std::string& hint = {});
FakeAnswer Items(const Json& items, const Json& next = nullptr);

// A directory of its own that goes away with it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

class FakeGrantd {
 public:
  using Handler = std::function<FakeAnswer(const FakeCall&)>;

  // The handler runs in the server's thread, one call at a time.
  explicit FakeGrantd(Handler handler);
  // Gives every call the same answer.
  explicit FakeGrantd(const FakeAnswer& answer);
  explicit FakeGrantd(const Json& object);
  ~FakeGrantd();
  FakeGrantd(const FakeGrantd&) = delete;
  FakeGrantd& operator=(const FakeGrantd&) = delete;

  std::string socket() const { return directory_.Path("api.sock"); }
  std::string address() const { return "unix:" + socket(); }
  std::vector<FakeCall> calls() const;
  // "GET /v1/whoami" of each call.
  std::vector<std::string> lines() const;

 private:
  void Serve();
  void Answer(int connection);

  TemporaryDirectory directory_;
  Handler handler_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<FakeCall> calls_;
  std::thread thread_;
};

}  // namespace grant::ctl
