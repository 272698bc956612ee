#include "tests/unit/grantctl/fake_grantd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace grant::ctl {
namespace {

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// The value of a field in the head, empty where there is none.
std::string FieldOf(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

size_t ContentLength(const std::string& head) {
  const std::string length = FieldOf(head, "Content-Length");
  return length.empty() ? 0 : std::stoul(length);
}

bool Receive(int connection, std::string& text) {
  std::array<char, 4096> piece;
  const ssize_t bytes = recv(connection, piece.data(), piece.size(), 0);
  if (bytes <= 0) return false;
  text.append(piece.data(), static_cast<size_t>(bytes));
  return true;
}

// Reads one request; false where the other side went away before it was complete.
bool ReadCall(int connection, FakeCall& call) {
  std::string text;
  size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    if (!Receive(connection, text)) return false;
  }
  const std::string head = text.substr(0, end + 2);
  const size_t total = end + 4 + ContentLength(head);
  while (text.size() < total) {
    if (!Receive(connection, text)) return false;
  }
  const size_t method_end = head.find(' ');
  const size_t target_end = head.find(' ', method_end + 1);
  call.method = head.substr(0, method_end);
  call.target = head.substr(method_end + 1, target_end - method_end - 1);
  call.body = text.substr(end + 4);
  call.if_match = FieldOf(head, "If-Match");
  call.idempotency_key = FieldOf(head, "Idempotency-Key");
  return true;
}

void SendAll(int connection, const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t bytes = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (bytes <= 0) return;
    sent += static_cast<size_t>(bytes);
  }
}

}  // namespace

FakeAnswer Problem(int status, const std::string& code, const std::string& detail,
                   const std::string& hint) {
  Json problem = {{"type", "about:blank"},
                  {"title", "A Title"},
                  {"status", status},
                  {"code", code},
                  {"detail", detail}};
  if (!hint.empty()) problem["hint"] = hint;
  return {status, problem.dump()};
}

FakeAnswer Items(const Json& items, const Json& next) {
  Json list;
  list["items"] = items;
  list["next"] = next;
  return {200, list.dump()};
}

TemporaryDirectory::TemporaryDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "grantctl.XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) ADD_FAILURE() << "cannot make " << path;
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(const std::string& name, const std::string& content) const {
  std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
  std::ofstream(Path(name), std::ios::binary) << content;
  return Path(name);
}

FakeGrantd::FakeGrantd(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = AddressOf(socket());
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0) {
    ADD_FAILURE() << "cannot listen on " << socket();
  }
  thread_ = std::thread([this] { Serve(); });
}

FakeGrantd::FakeGrantd(const FakeAnswer& answer)
    : FakeGrantd(Handler([answer](const FakeCall&) { return answer; })) {}

FakeGrantd::FakeGrantd(const Json& object) : FakeGrantd(FakeAnswer{200, object.dump()}) {}

FakeGrantd::~FakeGrantd() {
  stopping_ = true;
  // Makes the accept() that the thread may be waiting in return.
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::vector<FakeCall> FakeGrantd::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<std::string> FakeGrantd::lines() const {
  std::vector<std::string> lines;
  for (const FakeCall& call : calls()) lines.push_back(call.method + " " + call.target);
  return lines;
}

void FakeGrantd::Serve() {
  while (!stopping_) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    Answer(connection);
    close(connection);
  }
}

void FakeGrantd::Answer(int connection) {
  FakeCall call;
  if (!ReadCall(connection, call)) return;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
  }
  const FakeAnswer answer = handler_(call);
  if (answer.hang_up) return;
  // A client takes a field's name in any case, and no blanks around its value.
  const std::string tag = answer.etag.empty() ? "" : "eTag:  " + answer.etag + " \r\n";
  SendAll(connection, "HTTP/1.1 " + std::to_string(answer.status) +
                          " Status\r\nContent-Type: application/json\r\nConnection: close\r\n" +
                          tag + "Content-Length: " + std::to_string(answer.body.size()) +
                          "\r\n\r\n" + answer.body);
}

}  // namespace grant::ctl
