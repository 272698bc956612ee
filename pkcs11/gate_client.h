// grantd as the module calls it: connections, kept for the next call, and one question at a time on
// each of them. Any thread may use it; no lock is held while grantd is asked.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "grant/gate/connection.h"
#include "pkcs11/config.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

// A connection on which Hello has been answered, for the use of one call.
struct Lease {
  gate::Connection connection;
  uint64_t run = 0;     // which run of grantd is at the other end
  bool reused = false;  // an earlier call has used it
};

class GateClient {
 public:
  explicit GateClient(const Config& config) : config_(config) {}

  // A kept connection that is still alive, or a new one. Errors: CKR_DEVICE_REMOVED where grantd
  // cannot be reached, CKR_DEVICE_ERROR where something else answers.
  Result<Lease> Acquire();
  // Keeps the connection for a later call. A lease that is dropped instead closes it.
  void Release(Lease lease);

  // Sends a request and waits for its answer. A refusal is an error, too, and leaves the connection
  // open; after any other error it is closed.
  template <typename Answer, typename Request>
  Result<Answer> Ask(Lease& lease, const Request& request, std::chrono::milliseconds timeout) {
    GRANT_TRY(Bytes body,
              AskFor(lease, Request::kType, gate::Encode(request), Answer::kType, timeout));
    auto answer = gate::Decode<Answer>(body);
    if (!answer) return BadAnswer(lease, answer.error());
    return *std::move(answer);
  }

  // Sends a message that has no answer.
  template <typename Message>
  Status Tell(Lease& lease, const Message& message, std::chrono::milliseconds timeout) {
    return SendOnly(lease, Message::kType, gate::Encode(message), timeout);
  }

  // Runs `question(lease)`, which asks and changes nothing. Where a kept connection turns out to be
  // dead, it is run once more on a new one.
  template <typename Question>
  std::invoke_result_t<Question, Lease&> AskSafely(Question question) {
    GRANT_TRY(Lease lease, Acquire());
    auto answer = question(lease);
    if (!answer && !lease.connection.open() && lease.reused &&
        answer.error().rv == CKR_DEVICE_REMOVED) {
      GRANT_TRY(lease, Connect());
      answer = question(lease);
    }
    Release(std::move(lease));
    return answer;
  }

  // Gives the caller's bytes back if they are that many: what grantd answered goes into a buffer
  // that was measured before. CKR_DEVICE_ERROR.
  Result<Bytes> CheckLength(Bytes answer, size_t bytes) const;

  const Config& config() const { return config_; }

 private:
  Result<Lease> Connect();
  Result<Bytes> AskFor(Lease& lease, gate::MessageType type, Bytes body, gate::MessageType wanted,
                       std::chrono::milliseconds timeout);
  Status SendOnly(Lease& lease, gate::MessageType type, Bytes body,
                  std::chrono::milliseconds timeout);
  tl::unexpected<Error> BadAnswer(Lease& lease, const grant::Error& error);
  tl::unexpected<Error> Unreachable(const grant::Error& error);

  const Config& config_;
  std::atomic<bool> away_{false};
  std::mutex mutex_;
  std::vector<Lease> idle_;
};

}  // namespace grant::pkcs11
