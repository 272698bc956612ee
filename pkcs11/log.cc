#include "pkcs11/log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "grant/cryptoki/names.h"

namespace grant::pkcs11 {
namespace {

constexpr const char* kSetting = "GRANT_PKCS11_LOG";
constexpr std::string_view kDebug = "debug";

// The host's SIGPIPE disposition is its own business, so a broken pipe must not raise the signal:
// it is blocked for this thread, and taken back if the write caused it.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

// Text of other people stands in these lines. Blanks what could steer a terminal: the control
// characters of ASCII, those of Latin-1 and the marks that change the direction or the line, both
// in UTF-8.
void BlankControls(std::string& line) {
  const auto byte = [&line](size_t at) {
    return at < line.size() ? static_cast<unsigned char>(line[at]) : 0;
  };
  for (size_t i = 0; i < line.size(); ++i) {
    size_t length = 0;
    if (byte(i) < 0x20 || byte(i) == 0x7f) {
      length = 1;
    } else if ((byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0) ||
               (byte(i) == 0xd8 && byte(i + 1) == 0x9c)) {
      length = 2;
    } else if (byte(i) == 0xe2 &&
               ((byte(i + 1) == 0x80 && (byte(i + 2) == 0x8e || byte(i + 2) == 0x8f ||
                                         (byte(i + 2) >= 0xa8 && byte(i + 2) <= 0xae))) ||
                (byte(i + 1) == 0x81 && byte(i + 2) >= 0xa6 && byte(i + 2) <= 0xa9))) {
      length = 3;
    }
    std::fill_n(line.begin() + static_cast<ptrdiff_t>(i), length, ' ');
  }
}

void WriteLine(int fd, std::string line) {
  if (line.size() >= kLineBytesMax) line.resize(kLineBytesMax - 1);
  BlankControls(line);
  line += '\n';
  pollfd entry{fd, POLLOUT, 0};
  if (poll(&entry, 1, 0) <= 0) return;
  NoSigpipe no_sigpipe;
  // A line that cannot be written has nowhere else to go.
  [[maybe_unused]] ssize_t written = write(fd, line.data(), line.size());
}

}  // namespace

void TellPerson(const Error& error) {
  if (error.tell == Tell::kNothing) return;
  std::string line = "grant-pkcs11: ";
  line += error.tell == Tell::kRefused ? "refused: " : "failed: ";
  line += error.message;
  if (!error.hint.empty()) line += ". hint: " + error.hint;
  WriteLine(STDERR_FILENO, std::move(line));
}

Log Log::Open() {
  const char* value = secure_getenv(kSetting);
  if (value == nullptr || *value == '\0') return {-1, false};
  std::string_view setting = value;
  if (setting == kDebug) return {STDERR_FILENO, false};
  if (!setting.starts_with("debug:/")) {
    TellPerson({CKR_GENERAL_ERROR, std::string(kSetting) + " is none of debug and debug:/PATH",
                "unset it, or set it to debug", Tell::kFailed});
    return {-1, false};
  }
  const char* path = value + kDebug.size() + 1;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd < 0) {
    char reason[128];
    TellPerson({CKR_GENERAL_ERROR,
                std::string("cannot open the log ") + path + ": " +
                    strerror_r(errno, reason, sizeof reason),
                std::string("set ") + kSetting + " to a file that this user may write",
                Tell::kFailed});
  }
  return {fd, true};
}

Log::Log(Log&& other) noexcept : fd_(std::exchange(other.fd_, -1)), owned_(other.owned_) {}

Log::~Log() {
  if (owned_ && fd_ >= 0) close(fd_);
}

void Log::Call(const char* function, CK_RV rv, std::string_view message) const {
  if (fd_ < 0) return;
  std::string line = "grant-pkcs11[" + std::to_string(getpid()) + "]: " + function + ": " +
                     cryptoki::ReturnValueName(rv);
  if (!message.empty()) line.append(": ").append(message);
  WriteLine(fd_, std::move(line));
}

}  // namespace grant::pkcs11
