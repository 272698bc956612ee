#include "grantd/gate/server.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "grantd/descriptor.h"
#include "grantd/gate/refused.h"

namespace grant {
namespace {

constexpr int kAcceptPauseMs = 100;

class Server : public GateServer {
 public:
  Server(Listener listener, GateServices services, GateLimits limits, int stop_fd)
      : listener_(std::move(listener)), services_(services), limits_(limits), stop_fd_(stop_fd) {
    acceptor_ = std::thread([this] { Accept(); });
  }

  ~Server() override {
    Drain(std::chrono::milliseconds(0));
    close(stop_fd_);
  }

  void Drain(std::chrono::milliseconds limit) override {
    if (!acceptor_.joinable()) return;
    const uint64_t one = 1;
    if (write(stop_fd_, &one, sizeof one) != sizeof one)
      spdlog::error("gate: cannot stop accepting");
    acceptor_.join();
    std::unique_lock lock(mutex_);
    // No more requests are read; an answer on its way still goes out.
    for (const Client& client : clients_) shutdown(client.socket.get(), SHUT_RD);
    if (!empty_.wait_for(lock, limit, [this] { return clients_.empty(); })) {
      for (const Client& client : clients_) shutdown(client.socket.get(), SHUT_RDWR);
      empty_.wait(lock, [this] { return clients_.empty(); });
    }
    JoinFinished();
  }

 private:
  struct Client {
    Descriptor socket;  // a second one: the thread may close its own at any time
    uid_t uid;
    std::thread thread;
  };

  void Accept() {
    std::array<pollfd, 2> waits{pollfd{listener_.fd(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    for (;;) {
      if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
        spdlog::error("gate: poll failed: {}", std::strerror(errno));
        return;
      }
      if (waits[1].revents != 0) return;
      if (waits[0].revents == 0) continue;
      const int fd = accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) {
        try {
          Admit(gate::Connection(fd));
        } catch (const std::exception& error) {
          spdlog::error("gate: cannot admit a client: {}", error.what());
        }
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        // Nothing to accept with: those who are connected are served on, and the next try waits.
        spdlog::warn("gate: cannot accept: {}", std::strerror(errno));
        poll(&waits[1], 1, kAcceptPauseMs);
      }
    }
  }

  // Runs on the accepting thread, so it asks nobody but the kernel: names are looked up by the
  // client's own thread.
  void Admit(gate::Connection connection) {
    const auto uid = PeerUid(connection.fd());
    if (!uid) {
      spdlog::warn("gate: {}", uid.error().message);
      return;
    }
    const std::scoped_lock lock(mutex_);
    JoinFinished();
    const auto mine = connections_of_.find(*uid);
    const bool too_many_of_user =
        mine != connections_of_.end() && mine->second >= limits_.connections_per_uid_max;
    if (clients_.size() >= limits_.connections_max || too_many_of_user) {
      // Best effort: a client that does not read has its refusal dropped.
      const auto refused = TooMany(*uid, too_many_of_user);
      (void)connection.Send(gate::Refused::kType, 0, gate::Encode(refused),
                            std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
      return;
    }
    Descriptor socket(fcntl(connection.fd(), F_DUPFD_CLOEXEC, 0));
    if (!socket.open()) {
      spdlog::warn("gate: cannot accept: {}", std::strerror(errno));
      return;
    }
    ++connections_of_[*uid];
    const auto client = clients_.insert(clients_.end(), Client{std::move(socket), *uid, {}});
    try {
      client->thread = std::thread([this, client, held = std::move(connection)]() mutable {
        Serve(held);
        Leave(client);
      });
    } catch (const std::system_error& error) {
      spdlog::warn("gate: cannot start a thread: {}", error.what());
      Forget(client);
      clients_.erase(client);
    }
  }

  gate::Refused TooMany(uid_t uid, bool of_user) const {
    if (!of_user) {
      return LimitReached("grantd has too many connections, " +
                              std::to_string(limits_.connections_max) + " of all users",
                          "gate_connections");
    }
    return LimitReached("grantd has too many connections of uid " + std::to_string(uid) + ", " +
                            std::to_string(limits_.connections_per_uid_max),
                        "gate_connections_per_user");
  }

  void Serve(gate::Connection& connection) {
    try {
      const auto peer = PeerOf(connection.fd());
      if (peer) return Converse(connection, *peer, services_, limits_);
      spdlog::warn("gate: {}", peer.error().message);
    } catch (const std::exception& error) {
      spdlog::error("gate: a call failed: {}", error.what());
    }
  }

  // The thread's own last act: its handle is kept for somebody else to join.
  void Leave(std::list<Client>::iterator client) {
    const std::scoped_lock lock(mutex_);
    Forget(client);
    client->socket = Descriptor();
    finished_.splice(finished_.end(), clients_, client);
    if (clients_.empty()) empty_.notify_all();
  }

  void Forget(std::list<Client>::iterator client) {
    const auto mine = connections_of_.find(client->uid);
    if (--mine->second == 0) connections_of_.erase(mine);
  }

  void JoinFinished() {
    for (Client& client : finished_) client.thread.join();
    finished_.clear();
  }

  Listener listener_;
  const GateServices services_;
  GateLimits limits_;
  int stop_fd_;
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable empty_;
  std::list<Client> clients_;
  std::list<Client> finished_;
  std::map<uid_t, size_t> connections_of_;
};

}  // namespace

Result<std::unique_ptr<GateServer>> GateServer::Start(Listener listener, GateServices services,
                                                      GateLimits limits) {
  // accept4 must not block after poll: a client may have left in between.
  if (fcntl(listener.fd(), F_SETFL, O_NONBLOCK) != 0) {
    return Fail(Code::kUnavailable,
                std::string("cannot prepare the gate: ") + std::strerror(errno));
  }
  const int stop_fd = eventfd(0, EFD_CLOEXEC);
  if (stop_fd < 0) {
    return Fail(Code::kUnavailable,
                std::string("cannot prepare the gate: ") + std::strerror(errno));
  }
  return std::unique_ptr<GateServer>(
      std::make_unique<Server>(std::move(listener), services, limits, stop_fd));
}

}  // namespace grant
