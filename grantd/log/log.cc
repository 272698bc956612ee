#include "grantd/log/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <mutex>

#include "grantd/descriptor.h"

namespace grant::log {
namespace {

constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

// What Event() is given, for the sink: spdlog calls it on the same thread.
struct Named {
  std::string_view event;
  const Fields* fields;
};
thread_local const Named* current = nullptr;

Level LevelOf(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return Level::kError;
  if (level == spdlog::level::warn) return Level::kWarning;
  return level == spdlog::level::info ? Level::kInfo : Level::kDebug;
}

spdlog::level::level_enum SpdlogLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

Descriptor ConnectToJournal() {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  static_assert(sizeof(kJournalSocket) <= sizeof(address.sun_path));
  std::memcpy(static_cast<char*>(address.sun_path), kJournalSocket, sizeof(kJournalSocket));
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return socket;
  }
  return Descriptor();
}

class Sink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(Format format) : format_(format) {
    if (format == Format::kJournal) journal_ = ConnectToJournal();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    Record record;
    record.at = message.time;
    record.level = LevelOf(message.level);
    record.event = current == nullptr ? "message" : current->event;
    record.message = std::string_view(message.payload.data(), message.payload.size());
    record.fields = current == nullptr ? nullptr : current->fields;
    Write(record);
  }
  void flush_() override {}

 private:
  void Write(const Record& record) {
    if (format_ == Format::kText) return ToStderr(TextLine(record));
    if (format_ == Format::kJson) return ToStderr(JsonLine(record));
    const std::string datagram = JournalDatagram(record);
    const ssize_t sent = send(journal_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);
    if (sent < 0) ToStderr(PrefixedLine(record));
  }

  // One call a line, so that lines of several processes do not mix.
  static void ToStderr(const std::string& line) {
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  }

  const Format format_;
  Descriptor journal_;
};

}  // namespace

void Configure(const Settings& settings) {
  auto logger = std::make_shared<spdlog::logger>("grantd", std::make_shared<Sink>(settings.format));
  logger->set_level(SpdlogLevel(settings.level));
  spdlog::set_default_logger(std::move(logger));
}

void Event(Level level, std::string_view event, std::string_view message, const Fields& fields) {
  const Named named{event, &fields};
  current = &named;
  spdlog::log(SpdlogLevel(level), "{}", message);
  current = nullptr;
}

}  // namespace grant::log
