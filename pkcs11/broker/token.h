// One slot and the token in it, as grantd last described them. Any thread may use it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "grant/gate/protocol.h"
#include "pkcs11/broker/login.h"
#include "pkcs11/broker/object_mirror.h"

namespace grant::pkcs11 {

using RecordRef = std::shared_ptr<const gate::TokenRecord>;

class Token {
 public:
  Token(GateClient& gate, gate::TokenRecord record)
      : name(record.name),
        slot_id(record.slot_id),
        objects(gate, record.name),
        record_(std::make_shared<gate::TokenRecord>(std::move(record))) {}

  RecordRef record() const {
    std::lock_guard lock(mutex_);
    return record_;
  }

  void SetRecord(gate::TokenRecord record) {
    auto fresh = std::make_shared<gate::TokenRecord>(std::move(record));
    std::lock_guard lock(mutex_);
    record_ = std::move(fresh);
  }

  // CKR_MECHANISM_INVALID where the token is not served with the mechanism for that use, say
  // CKF_SIGN.
  Status CheckOffers(CK_MECHANISM_TYPE type, CK_FLAGS use) const {
    const RecordRef current = record();
    for (const gate::MechanismRecord& mechanism : current->mechanisms) {
      if (mechanism.type == type && (mechanism.flags & use) != 0) return {};
    }
    return Fail(CKR_MECHANISM_INVALID, "the token does not offer the mechanism");
  }

  // grantd, or the token behind it, is away; everything else stays as it was last seen.
  void SetAbsent() {
    std::lock_guard lock(mutex_);
    if (!record_->present) return;
    auto absent = std::make_shared<gate::TokenRecord>(*record_);
    absent->present = false;
    record_ = std::move(absent);
  }

  const std::string name;  // grantd's name for it
  const CK_SLOT_ID slot_id;
  ObjectMirror objects;
  Login login;

 private:
  mutable std::mutex mutex_;
  RecordRef record_;
};

using TokenRef = std::shared_ptr<Token>;

}  // namespace grant::pkcs11
