// An operation of a session that takes data of any length, from its C_*Init to its outcome: a
// signature, a verification, a digest. Not for two threads at once: a call takes it out of its
// session and puts it back if it goes on.
#pragma once

#include <optional>
#include <utility>

#include "grant/bytes.h"
#include "pkcs11/broker/operation_slot.h"
#include "pkcs11/data_stream.h"
#include "pkcs11/gate_client.h"

namespace grant::pkcs11 {

// `Calls` says what this kind of operation asks of grantd:
//   Status Begin(Lease&)              for data that are streamed,
//   Outcome End(Lease&)               after them,
//   Outcome Whole(Lease&, Bytes data) for data that fit into one message;
// and what is known of it without asking:
//   bool takes_parts() const          whether C_*Update may be called,
//   optional<size_t> data_bytes_max() const.
template <typename Calls>
class DataOperation {
 public:
  using Outcome = typename Calls::Outcome;

  DataOperation(GateClient& gate, Calls what) : calls(std::move(what)), data_(gate) {}

  bool has_parts() const { return has_parts_; }
  size_t output_bytes() const { return calls.output_bytes(); }

  // What C_*Update does.
  Status Update(ByteView part) {
    if (!calls.takes_parts()) return NotInParts();
    has_parts_ = true;
    return Add(part);
  }

  // Whether C_*Final may be called. A mechanism that does not hash takes no parts; SoftHSM, for
  // one, then says that no such operation was begun.
  Status CheckFinal() const {
    if (!calls.takes_parts()) return NotInParts();
    return {};
  }
  // The outcome for what was added.
  Outcome Finish() {
    return data_.Finish(
        [this](Lease& lease) { return calls.Begin(lease); },
        [this](Lease& lease, Bytes data) { return calls.Whole(lease, std::move(data)); },
        [this](Lease& lease) { return calls.End(lease); });
  }

  // Whether the outcome for these data alone may be asked for, which takes no C_*Update before.
  Status CheckAtOnce(CK_BYTE_PTR data, CK_ULONG bytes) const {
    if (data == nullptr && bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
    if (has_parts_) return NotInParts();
    return {};
  }
  Outcome AtOnce(ByteView data) {
    const std::optional<size_t> limit = calls.data_bytes_max();
    if (limit && data.size() > *limit) return Fail(CKR_DATA_LEN_RANGE);
    GRANT_CHECK(Add(data));
    return Finish();
  }

  Calls calls;

 private:
  static tl::unexpected<Error> NotInParts() { return Fail(CKR_OPERATION_NOT_INITIALIZED); }

  Status Add(ByteView data) {
    return data_.Add(data, [this](Lease& lease) { return calls.Begin(lease); });
  }

  DataStream data_;
  bool has_parts_ = false;
};

// C_SignUpdate and its like.
template <typename Calls>
Status AddPart(OperationSlot<DataOperation<Calls>>& slot, CK_BYTE_PTR part, CK_ULONG bytes) {
  GRANT_TRY(DataOperation<Calls> operation, slot.Take());
  if (part == nullptr && bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(operation.Update({part, bytes}));
  slot.PutBack(std::move(operation));
  return {};
}

// C_Sign and its like.
template <typename Calls>
Status GiveAtOnce(OperationSlot<DataOperation<Calls>>& slot, CK_BYTE_PTR data, CK_ULONG bytes,
                  CK_BYTE_PTR output, CK_ULONG_PTR output_bytes) {
  return GiveOutput(
      slot, output, output_bytes,
      [&](const auto& operation) { return operation.CheckAtOnce(data, bytes); },
      [&](auto& operation) {
        return operation.AtOnce({data, bytes});
      });
}

// C_SignFinal and its like.
template <typename Calls>
Status GiveFinal(OperationSlot<DataOperation<Calls>>& slot, CK_BYTE_PTR output,
                 CK_ULONG_PTR output_bytes) {
  return GiveOutput(
      slot, output, output_bytes, [](const auto& operation) { return operation.CheckFinal(); },
      [](auto& operation) { return operation.Finish(); });
}

}  // namespace grant::pkcs11
