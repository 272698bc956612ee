#include "tests/unit/pkcs11/fake_gate.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace grant::test {
namespace {

using gate::MessageType;

gate::Deadline Later() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(60);
}

template <typename M>
std::pair<MessageType, Bytes> Message(const M& message) {
  return {M::kType, gate::Encode(message)};
}

gate::ObjectRecord Key(uint64_t id, CK_ULONG object_class, CK_ULONG type, const std::string& label,
                       std::vector<gate::AttributeRecord> more) {
  gate::ObjectRecord record;
  record.id = id;
  record.attributes = {Number(CKA_CLASS, object_class), Number(CKA_KEY_TYPE, type),
                       Text(CKA_LABEL, label), Text(CKA_ID, label.substr(0, 2)),
                       Truth(CKA_TOKEN, true)};
  record.attributes.insert(record.attributes.end(), more.begin(), more.end());
  if (object_class == CKO_PRIVATE_KEY) {
    record.attributes.push_back(Truth(CKA_SIGN, true));
    record.signer = gate::SignerRecord{"release", {}};
  }
  return record;
}

}  // namespace

gate::AttributeRecord Number(CK_ULONG type, CK_ULONG value) {
  gate::AttributeRecord record{type, false, Bytes(sizeof value)};
  std::memcpy(record.value.data(), &value, sizeof value);
  return record;
}

gate::AttributeRecord Truth(CK_ULONG type, bool value) {
  return {type, false, {static_cast<uint8_t>(value ? CK_TRUE : CK_FALSE)}};
}

gate::AttributeRecord Text(CK_ULONG type, const std::string& value) {
  return {type, false, Bytes(value.begin(), value.end())};
}

gate::TokenRecord SampleToken() {
  gate::TokenRecord token;
  token.name = "prod";
  token.present = true;
  token.slot_id = 77;
  token.slot_description = "SoftHSM slot ID 0x4d";
  token.slot_manufacturer = "SoftHSM project";
  token.slot_flags = CKF_TOKEN_PRESENT;
  token.label = "prod";
  token.manufacturer = "SoftHSM project";
  token.model = "SoftHSM v2";
  token.serial = "0123456789abcdef";
  token.token_flags =
      CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED;
  token.pin_length_min = 4;
  token.pin_length_max = 255;
  for (uint64_t type : {CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS_PSS,
                        CKM_SHA256_RSA_PKCS_PSS, CKM_ECDSA, CKM_EDDSA, CKM_AES_CBC}) {
    token.mechanisms.push_back({type, 512, 16384, CKF_SIGN | CKF_VERIFY});
  }
  token.mechanisms.front().flags |= CKF_ENCRYPT;
  for (uint64_t type : {CKM_RSA_PKCS_OAEP, CKM_RSA_X_509}) {
    token.mechanisms.push_back({type, 512, 16384, CKF_ENCRYPT});
  }
  for (uint64_t type : {CKM_SHA256, CKM_MD5}) token.mechanisms.push_back({type, 0, 0, CKF_DIGEST});
  return token;
}

std::vector<gate::ObjectRecord> SampleObjects() {
  const gate::AttributeRecord modulus{CKA_MODULUS, false, Bytes(kRsaBytes, 0xc1)};
  std::vector<gate::ObjectRecord> objects;
  objects.push_back(
      Key(1, CKO_PRIVATE_KEY, CKK_RSA, "release-key", {modulus, {CKA_PRIVATE_EXPONENT, true, {}}}));
  objects.push_back(Key(2, CKO_PUBLIC_KEY, CKK_RSA, "release-key", {modulus}));
  objects.push_back(
      Key(3, CKO_PRIVATE_KEY, CKK_EC, "ec-key",
          {{CKA_EC_PARAMS, false, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}}}));
  objects.push_back(Key(4, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, "ed-key",
                        {{CKA_EC_PARAMS, false, {0x06, 0x03, 0x2b, 0x65, 0x70}}}));
  gate::ObjectRecord certificate;
  certificate.id = 5;
  certificate.attributes = {Number(CKA_CLASS, CKO_CERTIFICATE), Text(CKA_LABEL, "release-key"),
                            Text(CKA_ID, "re"), Text(CKA_VALUE, "der")};
  objects.push_back(certificate);
  return objects;
}

FakeGate::FakeGate() : tokens_{SampleToken()}, objects_(SampleObjects()) {
  std::string pattern = std::filesystem::temp_directory_path() / "grant-gate-XXXXXX";
  folder_ = mkdtemp(pattern.data());
  path_ = folder_ + "/gate.sock";
  signer_ = [](const gate::SignTarget&, ByteView) { return Bytes(kRsaBytes, 0x55); };
  Start();
}

FakeGate::~FakeGate() {
  Stop();
  std::filesystem::remove_all(folder_);
}

void FakeGate::Start() {
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener_, 64), 0);
  acceptor_ = std::thread([this] { Accept(); });
}

void FakeGate::Stop() {
  if (!acceptor_.joinable()) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  DropConnections();
  std::vector<std::thread> servers;
  {
    std::lock_guard lock(mutex_);
    servers.swap(servers_);
  }
  for (std::thread& server : servers) server.join();
  close(listener_);
  unlink(path_.c_str());
}

void FakeGate::DropConnections() {
  std::lock_guard lock(mutex_);
  for (int fd : connections_) shutdown(fd, SHUT_RDWR);
}

void FakeGate::Accept() {
  while (true) {
    int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    std::lock_guard lock(mutex_);
    connections_.insert(fd);
    servers_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeGate::Serve(int fd) {
  gate::Connection connection(fd);
  std::optional<Stream> stream;
  while (true) {
    auto request = connection.Receive(gate::kRequestBytesMax, Later());
    if (!request || !Answer(connection, *request, stream)) break;
  }
  // Forgotten before it is closed: DropConnections must not meet a number that is another's by
  // then.
  std::lock_guard lock(mutex_);
  connections_.erase(fd);
  connection.Close();
  if (stream) ++abandoned_streams_;
  changed_.notify_all();
}

bool FakeGate::Answer(gate::Connection& connection, const gate::Frame& request,
                      std::optional<Stream>& stream) {
  std::optional<Fault> fault;
  std::optional<gate::Refused> refused;
  {
    std::lock_guard lock(mutex_);
    ++counts_[request.type];
    changed_.notify_all();
    if (auto found = faults_.find(request.type); found != faults_.end()) fault = found->second;
    if (auto found = refusals_.find(request.type); found != refusals_.end()) {
      refused = found->second;
    }
  }
  auto answer = MakeAnswer(request, stream);
  if (!answer) return true;
  if (refused) answer = Message(*refused);
  if (fault) return SendFaulty(connection, request, *fault, *answer);
  return connection.Send(answer->first, request.sequence, answer->second, Later()).has_value();
}

std::optional<std::pair<MessageType, Bytes>> FakeGate::MakeAnswer(const gate::Frame& request,
                                                                  std::optional<Stream>& stream) {
  std::unique_lock lock(mutex_);
  switch (request.type) {
    case MessageType::kHello:
      return Message(gate::Welcome{gate::kProtocolVersion, "fake", run_});
    case MessageType::kGetTokens:
      return Message(gate::Tokens{tokens_});
    case MessageType::kGetObjects: {
      const bool known = gate::Decode<gate::GetObjects>(request.body)->known_version == version_;
      gate::Objects objects{version_, !known, {}};
      if (!known) objects.objects = objects_;
      for (gate::ObjectRecord& object : objects.objects) object.id += id_offset_;
      return Message(objects);
    }
    case MessageType::kLogin:
      last_pin_ = gate::Decode<gate::Login>(request.body)->pin;
      return Message(gate::LoginAccepted{});
    case MessageType::kIdentifyKey: {
      auto seen = gate::Decode<gate::IdentifyKey>(request.body);
      return Message(identifier_ ? identifier_(*seen) : gate::KeyIdentified{});
    }
    case MessageType::kSign: {
      lock.unlock();
      auto sign = gate::Decode<gate::Sign>(request.body);
      return SignNow(sign->target, sign->data);
    }
    case MessageType::kSignBegin:
      stream = Stream{gate::Decode<gate::SignBegin>(request.body)->target, {}};
      return Message(gate::Begun{});
    case MessageType::kData: {
      Bytes data = gate::Decode<gate::Data>(request.body)->data;
      stream->data.insert(stream->data.end(), data.begin(), data.end());
      return {};
    }
    case MessageType::kSignEnd: {
      lock.unlock();
      Stream ended = *std::exchange(stream, std::nullopt);
      return SignNow(ended.target, ended.data);
    }
    default:
      return MakePublicAnswer(request, stream);
  }
}

std::pair<MessageType, Bytes> FakeGate::MakePublicAnswer(const gate::Frame& request,
                                                         std::optional<Stream>& stream) {
  std::optional<PublicCall> call = ReadPublicCall(request);
  if (call && IsBegin(request.type)) {
    stream.emplace();
    stream->call = std::move(call);
    return Message(gate::Begun{});
  }
  if (stream && stream->call && request.type == EndOf(stream->call->type)) {
    Stream ended = *std::exchange(stream, std::nullopt);
    call = std::move(ended.call);
    call->data = std::move(ended.data);
    if (request.type == MessageType::kVerifyEnd) {
      call->signature = gate::Decode<gate::VerifyEnd>(request.body)->signature;
    }
  }
  if (!call) return Message(gate::Refused{Cause::kProtocol, 0, "no request", ""});
  last_public_ = *call;
  last_public_.key_id -= id_offset_;
  return AnswerPublicCall(*call);
}

std::pair<MessageType, Bytes> FakeGate::SignNow(const gate::SignTarget& target, ByteView data) {
  std::function<SignAnswer(const gate::SignTarget&, ByteView)> signer;
  {
    std::lock_guard lock(mutex_);
    last_target_ = target;
    last_target_.key_id -= id_offset_;
    last_data_.assign(data.begin(), data.end());
    signer = signer_;
  }
  SignAnswer answer = signer(target, data);
  if (auto* refused = std::get_if<gate::Refused>(&answer)) return Message(*refused);
  if (target.spend_only) return Message(gate::Spent{});
  return Message(gate::Signature{std::get<Bytes>(answer)});
}

bool FakeGate::SendFaulty(gate::Connection& connection, const gate::Frame& request, Fault fault,
                          const std::pair<MessageType, Bytes>& answer) {
  const auto& [type, body] = answer;
  const auto raw = [&connection](ByteView bytes) {
    send(connection.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  };
  switch (fault) {
    case Fault::kGarbage:
      return connection.Send(type, request.sequence, Bytes(37, 0xee), Later()).has_value();
    case Fault::kTruncated: {
      Bytes frame = gate::EncodeFrame(type, request.sequence, body);
      raw(ByteView(frame).first(frame.size() - 1));
      return false;
    }
    case Fault::kOversized:
      raw(gate::EncodeHeader({gate::kAnswerBytesMax + 1, type, request.sequence}));
      break;
    case Fault::kSilent:
      break;
    case Fault::kWrongType:
      return connection.Send(MessageType::kBegun, request.sequence, {}, Later()).has_value();
    case Fault::kWrongSequence:
      return connection.Send(type, request.sequence + 1, body, Later()).has_value();
    case Fault::kHangUp:
      return false;
  }
  // The module's turn: it must give up by itself.
  pollfd end{connection.fd(), POLLIN, 0};
  poll(&end, 1, -1);
  return false;
}

void FakeGate::SetTokens(std::vector<gate::TokenRecord> tokens) {
  std::lock_guard lock(mutex_);
  tokens_ = std::move(tokens);
}

void FakeGate::SetObjects(std::vector<gate::ObjectRecord> objects) {
  std::lock_guard lock(mutex_);
  objects_ = std::move(objects);
  ++version_;
}

void FakeGate::BecomeAnotherRun() {
  std::lock_guard lock(mutex_);
  ++run_;
  version_ = 1;
  // Every number now stands for another object than before.
  ++id_offset_;
}

void FakeGate::HideRun() {
  std::lock_guard lock(mutex_);
  run_ = 0;
}

void FakeGate::Refuse(MessageType type, std::optional<gate::Refused> refused) {
  std::lock_guard lock(mutex_);
  refusals_.erase(type);
  if (refused) refusals_.emplace(type, *std::move(refused));
}

void FakeGate::SetSigner(std::function<SignAnswer(const gate::SignTarget&, ByteView)> signer) {
  std::lock_guard lock(mutex_);
  signer_ = std::move(signer);
}

void FakeGate::SetIdentifier(
    std::function<gate::KeyIdentified(const gate::IdentifyKey&)> identifier) {
  std::lock_guard lock(mutex_);
  identifier_ = std::move(identifier);
}

void FakeGate::SetFault(MessageType type, std::optional<Fault> fault) {
  std::lock_guard lock(mutex_);
  faults_.erase(type);
  if (fault) faults_.emplace(type, *fault);
}

size_t FakeGate::Count(MessageType type) const {
  std::lock_guard lock(mutex_);
  auto found = counts_.find(type);
  return found == counts_.end() ? 0 : found->second;
}

gate::SignTarget FakeGate::last_target() const {
  std::lock_guard lock(mutex_);
  return last_target_;
}

Bytes FakeGate::last_data() const {
  std::lock_guard lock(mutex_);
  return last_data_;
}

PublicCall FakeGate::last_public() const {
  std::lock_guard lock(mutex_);
  return last_public_;
}

std::string FakeGate::last_pin() const {
  std::lock_guard lock(mutex_);
  return last_pin_;
}

void FakeGate::WaitForAbandonedStream() {
  std::unique_lock lock(mutex_);
  ASSERT_TRUE(
      changed_.wait_for(lock, std::chrono::seconds(60), [this] { return abandoned_streams_ > 0; }));
}

}  // namespace grant::test
