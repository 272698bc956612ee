// The place of a session for one kind of operation. Any thread may use it; no lock is held while
// grantd is asked.
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "grant/bytes.h"
#include "pkcs11/error.h"

namespace grant::pkcs11 {

template <typename Operation>
class OperationSlot {
 public:
  // CKR_OPERATION_ACTIVE.
  Status CheckFree() const {
    if (active()) return Fail(CKR_OPERATION_ACTIVE);
    return {};
  }

  Status Begin(Operation operation) {
    std::lock_guard lock(mutex_);
    if (operation_) return Fail(CKR_OPERATION_ACTIVE);
    operation_.emplace(std::move(operation));
    return {};
  }

  // An operation that is taken and not put back has ended. While a call has it, the session has
  // none. CKR_OPERATION_NOT_INITIALIZED.
  Result<Operation> Take() {
    std::lock_guard lock(mutex_);
    if (!operation_) return Fail(CKR_OPERATION_NOT_INITIALIZED);
    return *std::exchange(operation_, std::nullopt);
  }
  void PutBack(Operation operation) {
    std::lock_guard lock(mutex_);
    if (!operation_) operation_.emplace(std::move(operation));
  }

  // Runs `use(operation)`, which is quick, where there is one. CKR_OPERATION_NOT_INITIALIZED.
  template <typename Use>
  Status With(Use use) {
    std::lock_guard lock(mutex_);
    if (!operation_) return Fail(CKR_OPERATION_NOT_INITIALIZED);
    use(*operation_);
    return {};
  }

  // False where there is none.
  bool End() {
    std::lock_guard lock(mutex_);
    return std::exchange(operation_, std::nullopt).has_value();
  }

  bool active() const {
    std::lock_guard lock(mutex_);
    return operation_.has_value();
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Operation> operation_;
};

// What a null mechanism does to a C_*Init since version 3.0: it ends the operation that is active.
template <typename Operation>
Status EndByNullMechanism(OperationSlot<Operation>& slot) {
  if (!slot.End()) return Fail(CKR_ARGUMENTS_BAD);
  return {};
}

// Gives the caller the bytes that an operation makes (PKCS #11 v2.40, 5.2). A size query and a
// small buffer are answered from operation.output_bytes() and keep the operation; whatever else
// happens ends it. `check(operation)`, a Status, comes before both; `make(operation)` gives exactly
// output_bytes().
template <typename Operation, typename Check, typename Make>
Status GiveOutput(OperationSlot<Operation>& slot, CK_BYTE_PTR buffer, CK_ULONG_PTR bytes,
                  Check check, Make make) {
  GRANT_TRY(Operation operation, slot.Take());
  if (bytes == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  GRANT_CHECK(check(operation));
  const CK_ULONG room = *bytes;
  *bytes = operation.output_bytes();
  if (buffer == nullptr || room < operation.output_bytes()) {
    slot.PutBack(std::move(operation));
    if (buffer != nullptr) return Fail(CKR_BUFFER_TOO_SMALL);
    return {};
  }
  GRANT_TRY(const Bytes output, make(operation));
  std::copy(output.begin(), output.end(), buffer);
  return {};
}

}  // namespace grant::pkcs11
