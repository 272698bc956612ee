// A gate that answers as grantd would, or as it never should. It keeps what it was asked.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grant/gate/connection.h"
#include "grant/gate/protocol.h"
#include "tests/unit/pkcs11/fake_public.h"

namespace grant::test {

// What goes wrong with an answer.
enum class Fault {
  kGarbage,        // a body that is no such message
  kTruncated,      // half an answer, then the end of the connection
  kOversized,      // a header that claims more than the module accepts
  kSilent,         // no answer at all
  kWrongType,      // an answer to another kind of request
  kWrongSequence,  // the number of another request
  kHangUp,         // the end of the connection instead of an answer
};

gate::AttributeRecord Number(CK_ULONG type, CK_ULONG value);
gate::AttributeRecord Truth(CK_ULONG type, bool value);
gate::AttributeRecord Text(CK_ULONG type, const std::string& value);

// A token "prod" with an RSA-2048 key "release-key", an EC P-256 key "ec-key", an Ed25519 key
// "ed-key", and a certificate.
gate::TokenRecord SampleToken();
std::vector<gate::ObjectRecord> SampleObjects();
inline constexpr size_t kRsaBytes = 256;

class FakeGate {
 public:
  using SignAnswer = std::variant<Bytes, gate::Refused>;

  FakeGate();
  ~FakeGate();
  FakeGate(const FakeGate&) = delete;
  FakeGate& operator=(const FakeGate&) = delete;

  std::string address() const { return "unix:" + path_; }
  const std::string& folder() const { return folder_; }

  void Start();
  // Ends every connection. What it shows stays as it is.
  void Stop();
  // Ends the connections and goes on listening.
  void DropConnections();

  // Changes what it shows.
  void SetTokens(std::vector<gate::TokenRecord> tokens);
  void SetObjects(std::vector<gate::ObjectRecord> objects);
  // As if grantd were started anew: other numbers for the objects, the version counts from 1 again.
  void BecomeAnotherRun();
  // As a grantd that does not say which run it is.
  void HideRun();
  void Refuse(gate::MessageType type, std::optional<gate::Refused> refused);
  void SetSigner(std::function<SignAnswer(const gate::SignTarget&, ByteView)> signer);
  // What it says of a key in the caller's hands; without it, that no signer governs it.
  void SetIdentifier(std::function<gate::KeyIdentified(const gate::IdentifyKey&)> identifier);
  // For each further answer to messages of this type, until it is taken back.
  void SetFault(gate::MessageType type, std::optional<Fault> fault);

  // What it was asked.
  size_t Count(gate::MessageType type) const;
  gate::SignTarget last_target() const;
  Bytes last_data() const;
  PublicCall last_public() const;
  std::string last_pin() const;
  // Waits until a connection was ended by the module while a stream was open on it.
  void WaitForAbandonedStream();

 private:
  struct Stream {
    gate::SignTarget target;
    Bytes data;
    std::optional<PublicCall> call;  // instead of a signature
  };

  void Accept();
  void Serve(int fd);
  bool Answer(gate::Connection& connection, const gate::Frame& request,
              std::optional<Stream>& stream);
  std::optional<std::pair<gate::MessageType, Bytes>> MakeAnswer(const gate::Frame& request,
                                                                std::optional<Stream>& stream);
  bool SendFaulty(gate::Connection& connection, const gate::Frame& request, Fault fault,
                  const std::pair<gate::MessageType, Bytes>& answer);
  std::pair<gate::MessageType, Bytes> MakePublicAnswer(const gate::Frame& request,
                                                       std::optional<Stream>& stream);
  std::pair<gate::MessageType, Bytes> SignNow(const gate::SignTarget& target, ByteView data);

  std::string folder_;
  std::string path_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int listener_ = -1;
  std::thread acceptor_;
  std::vector<std::thread> servers_;
  std::set<int> connections_;
  uint64_t run_ = 1000;
  uint64_t version_ = 1;
  uint64_t id_offset_ = 0;
  std::vector<gate::TokenRecord> tokens_;
  std::vector<gate::ObjectRecord> objects_;
  std::map<gate::MessageType, gate::Refused> refusals_;
  std::map<gate::MessageType, Fault> faults_;
  std::function<SignAnswer(const gate::SignTarget&, ByteView)> signer_;
  std::function<gate::KeyIdentified(const gate::IdentifyKey&)> identifier_;
  std::map<gate::MessageType, size_t> counts_;
  gate::SignTarget last_target_;
  Bytes last_data_;
  PublicCall last_public_;
  std::string last_pin_;
  size_t abandoned_streams_ = 0;
};

}  // namespace grant::test
