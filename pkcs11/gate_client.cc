#include "pkcs11/gate_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "grant/wipe.h"
#include "pkcs11/log.h"
#include "pkcs11/refusal_rv.h"

namespace grant::pkcs11 {
namespace {

constexpr size_t kIdleConnectionsMax = 64;

gate::Deadline After(std::chrono::milliseconds timeout) {
  return std::chrono::steady_clock::now() + timeout;
}

// Nothing is owed on a kept connection: anything to read is its end, or a fault.
bool IsAlive(const gate::Connection& connection) {
  char byte = 0;
  ssize_t got = recv(connection.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && errno == EAGAIN;
}

bool IsUnreachable(const grant::Error& error) {
  return error.code == Code::kUnavailable;
}

}  // namespace

Result<Lease> GateClient::Acquire() {
  while (true) {
    Lease lease;
    {
      std::lock_guard lock(mutex_);
      if (idle_.empty()) break;
      lease = std::move(idle_.back());
      idle_.pop_back();
    }
    if (IsAlive(lease.connection)) return lease;
  }
  return Connect();
}

void GateClient::Release(Lease lease) {
  if (!lease.connection.open()) return;
  lease.reused = true;
  std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleConnectionsMax) idle_.push_back(std::move(lease));
}

Result<Lease> GateClient::Connect() {
  auto connection = gate::Connection::Open(config_.gate, After(config_.list_timeout()));
  if (!connection) return Unreachable(connection.error());
  Lease lease{*std::move(connection)};
  GRANT_TRY(gate::Welcome welcome,
            Ask<gate::Welcome>(lease, gate::Hello{}, config_.list_timeout()));
  if (welcome.version != gate::kProtocolVersion) {
    return BadAnswer(lease,
                     {Code::kInvalid, "it speaks version " + std::to_string(welcome.version) +
                                          " of the gate protocol, this module version " +
                                          std::to_string(gate::kProtocolVersion)});
  }
  // Without it, a number of an object could be taken for that of another after a restart.
  if (welcome.run == 0) {
    return BadAnswer(lease, {Code::kInvalid, "it does not say which run of grantd this is", {}});
  }
  lease.run = welcome.run;
  away_ = false;
  return lease;
}

Result<Bytes> GateClient::AskFor(Lease& lease, gate::MessageType type, Bytes body,
                                 gate::MessageType wanted, std::chrono::milliseconds timeout) {
  WipeAtEnd wipe(body);
  auto answer = lease.connection.Call(type, body, After(timeout));
  if (!answer && IsUnreachable(answer.error())) return Unreachable(answer.error());
  if (!answer) return BadAnswer(lease, answer.error());
  if (answer->type == wanted) return std::move(answer->body);
  if (answer->type != gate::MessageType::kRefused) {
    return BadAnswer(lease, {Code::kInvalid, "the answer is of an unexpected type", {}});
  }
  auto refused = gate::Decode<gate::Refused>(answer->body);
  if (!refused) return BadAnswer(lease, refused.error());
  return tl::unexpected<Error>(FromRefused(*std::move(refused)));
}

Status GateClient::SendOnly(Lease& lease, gate::MessageType type, Bytes body,
                            std::chrono::milliseconds timeout) {
  auto sent = lease.connection.Send(type, 0, body, After(timeout));
  if (!sent && IsUnreachable(sent.error())) return Unreachable(sent.error());
  if (!sent) return BadAnswer(lease, sent.error());
  return {};
}

tl::unexpected<Error> GateClient::BadAnswer(Lease& lease, const grant::Error& error) {
  lease.connection.Close();
  return tl::unexpected<Error>(FromBadAnswer(error, config_.gate));
}

// The person is told when grantd goes away, not at each call while it stays away: hosts that list
// slots again and again would fill the terminal.
tl::unexpected<Error> GateClient::Unreachable(const grant::Error& error) {
  Error result = FromUnreachable(error, config_.gate);
  if (!away_.exchange(true)) TellPerson(result);
  result.tell = pkcs11::Tell::kNothing;
  return tl::unexpected<Error>(std::move(result));
}

Result<Bytes> GateClient::CheckLength(Bytes answer, size_t bytes) const {
  if (answer.size() == bytes) return answer;
  return tl::unexpected<Error>(
      FromBadAnswer({Code::kInvalid, "what it sent has the wrong length", {}}, config_.gate));
}

}  // namespace grant::pkcs11
