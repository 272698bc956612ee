// The data of one operation on their way to grantd: gathered here, and streamed on a connection of
// the operation's own once they exceed one message. Not for two threads at once.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "grant/bytes.h"
#include "pkcs11/gate_client.h"

namespace grant::pkcs11 {

class DataStream {
 public:
  explicit DataStream(GateClient& gate) : gate_(&gate) {}

  // Adds data. `begin(lease)`, a Status, asks grantd to begin the operation; it is called once,
  // when the data become too long for one message.
  template <typename Begin>
  Status Add(ByteView part, const Begin& begin) {
    while (!part.empty()) {
      if (buffer_.size() == gate::kInlineDataBytesMax) GRANT_CHECK(Flush(begin));
      const size_t size = std::min(part.size(), gate::kInlineDataBytesMax - buffer_.size());
      buffer_.insert(buffer_.end(), part.begin(), part.begin() + static_cast<ptrdiff_t>(size));
      part = part.subspan(size);
    }
    return {};
  }

  // The answer to what was added: `whole(lease, data)` asks for it in one message, `end(lease)`
  // where the data were streamed. It is asked for once, even where no answer comes back. After it
  // the next operation may begin.
  template <typename Begin, typename Whole, typename End>
  std::invoke_result_t<End, Lease&> Finish(const Begin& begin, const Whole& whole, const End& end) {
    if (!stream_) {
      GRANT_TRY(Lease lease, gate_->Acquire());
      auto answer = whole(lease, std::exchange(buffer_, Bytes()));
      gate_->Release(std::move(lease));
      return answer;
    }
    if (!buffer_.empty()) GRANT_CHECK(Flush(begin));
    auto answer = end(*stream_);
    gate_->Release(*std::exchange(stream_, std::nullopt));
    return answer;
  }

  // Forgets what was added; grantd drops what it has when the connection ends.
  void Reset() {
    buffer_.clear();
    stream_.reset();
  }

 private:
  template <typename Begin>
  Status Flush(const Begin& begin) {
    if (!stream_) {
      GRANT_TRY(Lease lease, gate_->Acquire());
      Status begun = begin(lease);
      if (!begun) {
        gate_->Release(std::move(lease));
        return begun;
      }
      stream_ = std::move(lease);
    }
    gate::Data data{std::move(buffer_)};
    GRANT_CHECK(gate_->Tell(*stream_, data, gate_->config().sign_timeout));
    buffer_ = std::move(data.data);
    buffer_.clear();
    return {};
  }

  GateClient* gate_;
  Bytes buffer_;                 // at most kInlineDataBytesMax
  std::optional<Lease> stream_;  // grantd has begun the operation on it
};

}  // namespace grant::pkcs11
