// The least that a broker can do: it signs with the token's module in its own process for whoever
// connects, and lets no signature go before 4 KiB are on the disk, which all share that are on
// their way at that moment. It decides nothing and knows nobody. What it costs, every broker costs.
//
//   usage: bare_broker SOCKET MODULE PIN FILE
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "grant/cryptoki/backing_module.h"
#include "tests/bench/bare/messages.h"

namespace grant::bench {
namespace {

constexpr size_t kBlockBytes = 4096;
constexpr size_t kBlocks = 1024;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

// Writes while others sign.
class Recorder {
 public:
  explicit Recorder(const char* path)
      : file_(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)), block_(kBlockBytes, 'x') {
    const std::vector<char> whole(kBlockBytes * kBlocks, 'x');
    if (file_ < 0 || pwrite(file_, whole.data(), whole.size(), 0) < 0 || fsync(file_) != 0) {
      Die(path);
    }
    std::thread([this] { WriteForever(); }).detach();
  }

  uint64_t Begin() {
    const std::lock_guard lock(mutex_);
    begun_.notify_one();
    return ++wanted_;
  }
  void Await(uint64_t number) {
    std::unique_lock lock(mutex_);
    written_.wait(lock, [&] { return done_ >= number; });
  }

 private:
  void WriteForever() {
    std::unique_lock lock(mutex_);
    for (size_t i = 0;; ++i) {
      begun_.wait(lock, [this] { return wanted_ > done_; });
      const uint64_t all = wanted_;
      lock.unlock();
      const auto offset = static_cast<off_t>(i % kBlocks * kBlockBytes);
      if (pwrite(file_, block_.data(), block_.size(), offset) < 0 || fdatasync(file_) != 0) {
        Die("fdatasync");
      }
      lock.lock();
      done_ = all;
      written_.notify_all();
    }
  }

  const int file_;
  const std::vector<char> block_;
  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable written_;
  uint64_t wanted_ = 0;
  uint64_t done_ = 0;
};

class Broker {
 public:
  Broker(const char* module, const char* pin, const char* file)
      : module_(cryptoki::BackingModule::Load(module).value()), recorder_(file) {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    if (p11().C_Initialize(&arguments) != CKR_OK) Die("C_Initialize");
    auto* const text = reinterpret_cast<CK_UTF8CHAR_PTR>(const_cast<char*>(pin));
    if (p11().C_Login(OpenSession(), CKU_USER, text, std::strlen(pin)) != CKR_OK) Die("C_Login");
  }

  void Serve(int connection) {
    const CK_SESSION_HANDLE session = OpenSession();
    BareRequest request;
    while (recv(connection, &request, sizeof request, MSG_WAITALL) == sizeof request) {
      const BareAnswer answer = Answer(session, request);
      if (send(connection, &answer, sizeof answer, MSG_NOSIGNAL) < 0) break;
    }
    close(connection);
  }

 private:
  CK_FUNCTION_LIST& p11() const { return *module_->functions(); }

  CK_SESSION_HANDLE OpenSession() {
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_SESSION_HANDLE session = 0;
    if (p11().C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK || count == 0 ||
        p11().C_OpenSession(slots[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session) != CKR_OK) {
      Die("C_OpenSession");
    }
    return session;
  }

  BareAnswer Answer(CK_SESSION_HANDLE session, BareRequest& request) {
    BareAnswer answer;
    if (request.what == BareRequest::kFind) {
      answer.key = Find(session, request);
      return answer;
    }
    const uint64_t record = recorder_.Begin();
    if (request.what == BareRequest::kSign) {
      CK_MECHANISM mechanism{request.mechanism, nullptr, 0};
      CK_ULONG bytes = sizeof answer.signature;
      answer.rv = p11().C_SignInit(session, &mechanism, request.key);
      if (answer.rv == CKR_OK) {
        answer.rv = p11().C_Sign(session, request.data, request.bytes, answer.signature, &bytes);
      }
      answer.bytes = static_cast<uint32_t>(bytes);
    }
    recorder_.Await(record);
    return answer;
  }

  CK_OBJECT_HANDLE Find(CK_SESSION_HANDLE session, BareRequest& label) {
    CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &private_key, sizeof private_key},
                             {CKA_LABEL, label.data, label.bytes}};
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG found = 0;
    p11().C_FindObjectsInit(session, wanted, 2);
    p11().C_FindObjects(session, &key, 1, &found);
    p11().C_FindObjectsFinal(session);
    return key;
  }

  const std::shared_ptr<cryptoki::BackingModule> module_;
  Recorder recorder_;
};

int Listen(const char* path) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 128) != 0) {
    Die(path);
  }
  return listener;
}

}  // namespace
}  // namespace grant::bench

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  grant::bench::Broker broker(argv[2], argv[3], argv[4]);
  const int listener = grant::bench::Listen(argv[1]);
  while (true) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return 1;
    std::thread([&broker, connection] { broker.Serve(connection); }).detach();
  }
}
