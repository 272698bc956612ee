// What the seal works on, as a test wants it: a token that opens slowly, and a store that fails.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "grantd/hsm/sealable_token.h"
#include "grantd/store/store.h"
#include "tests/unit/gate/fake_token.h"

namespace grant {

// Opens when it is let, and not sooner.
class SlowToken : public SealableToken {
 public:
  explicit SlowToken(PinSource source) : source_(source) {}

  void Close(const Error& /*why*/) override {
    const std::lock_guard lock(mutex_);
    open_ = has_pin_ = false;
    ++closed_;
    changed_.notify_all();
  }
  void Open() override {
    const std::lock_guard lock(mutex_);
    open_ = source_ != PinSource::kTyped || has_pin_;
  }
  Status AwaitOpened() override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return ready_ || !open_; });
    return {};
  }
  Status TakePin(SecretBuffer /*pin*/, bool /*after_wrong*/) override {
    const std::lock_guard lock(mutex_);
    has_pin_ = true;
    return {};
  }
  void ForgetPin() override {
    const std::lock_guard lock(mutex_);
    has_pin_ = false;
  }
  PinState pin_state() override {
    const std::lock_guard lock(mutex_);
    return {source_, source_ == PinSource::kTyped && !has_pin_, false};
  }

  void GetReady() {
    const std::lock_guard lock(mutex_);
    ready_ = true;
    changed_.notify_all();
  }
  bool open() {
    const std::lock_guard lock(mutex_);
    return open_;
  }
  // Until somebody waits for it to be open.
  void AwaitWaiting() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  // Until it was closed so often.
  void AwaitClosed(int times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, times] { return closed_ >= times; });
  }

  const TokenSettings& settings() const override { return inner_.settings(); }
  gate::TokenRecord Describe() override { return inner_.Describe(); }
  Result<std::shared_ptr<const TokenObjects>> Objects() override { return inner_.Objects(); }
  tl::expected<Bytes, TokenFailure> Sign(uint64_t key, const gate::SignMechanism& mechanism,
                                         ByteView data) override {
    return inner_.Sign(key, mechanism, data);
  }
  tl::expected<MadeKey, TokenFailure> GenerateKey(const KeyToMake& wanted) override {
    return inner_.GenerateKey(wanted);
  }
  tl::expected<void, TokenFailure> Verify(uint64_t key, const gate::SignMechanism& mechanism,
                                          ByteView data, ByteView signature) override {
    return inner_.Verify(key, mechanism, data, signature);
  }
  tl::expected<Bytes, TokenFailure> Encrypt(uint64_t key, const gate::EncryptMechanism& mechanism,
                                            ByteView data) override {
    return inner_.Encrypt(key, mechanism, data);
  }
  tl::expected<Bytes, TokenFailure> Random(size_t bytes) override { return inner_.Random(bytes); }

 private:
  const PinSource source_;
  FakeToken::Signer sign_ = [] { return Bytes(64, 1); };
  FakeToken inner_{sign_};
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool ready_ = false;
  bool open_ = false;
  bool has_pin_ = false;
  int waiting_ = 0;
  int closed_ = 0;
};

// Does something before each write, which may be to fail.
class HookedStore : public Store {
 public:
  explicit HookedStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

  using Store::Write;
  Status Write(std::function<Status(Tables&)> work, std::function<void()> durable) override {
    GRANT_CHECK(before_write());
    return inner_->Write(std::move(work), std::move(durable));
  }
  Status Read(std::function<Status(Tables&)> work) override {
    return inner_->Read(std::move(work));
  }
  uint64_t generation() const override { return inner_->generation(); }

  std::function<Status()> before_write = [] { return Status(); };

 private:
  const std::unique_ptr<Store> inner_;
};

}  // namespace grant
