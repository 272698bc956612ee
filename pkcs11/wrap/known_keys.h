// What grantd answered about governed keys a moment ago, so that the next signature with the same
// key need not ask again, nor look at the key again.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "grant/gate/protocol.h"
#include "pkcs11/wrap/governed_key.h"

namespace grant::pkcs11::wrap {

// A key as the host names it.
struct KeyInHand {
  // Of all calls of this module that may give a handle another meaning, the last one before.
  uint64_t change = 0;
  CK_SESSION_HANDLE session = 0;
  CK_OBJECT_HANDLE key = 0;
  bool operator==(const KeyInHand&) const = default;
};

// Only that a signer governs a key is remembered: each of its uses is asked of grantd all the same.
// That none does would let signatures through. What another grantd said, or one that is gone, is
// worth nothing: `run` tells which it was. Any thread may call these.
class KnownKeys {
 public:
  // A call that may give a handle another meaning, for as long as it runs: what was seen before, or
  // meanwhile, is not believed afterwards.
  class Change {
   public:
    explicit Change(KnownKeys& known) : known_(known) { known_.NoteChange(); }
    ~Change() { known_.NoteChange(); }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    KnownKeys& known_;
  };

  KeyInHand InHand(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) const {
    return {change_.load(std::memory_order_relaxed), session, key};
  }

  using Clock = std::chrono::steady_clock;
  struct Known {
    uint64_t run = 0;
    GovernedKey key;
    Clock::time_point until;
  };
  static Known Learnt(uint64_t run, GovernedKey key) {
    return {run, std::move(key), Clock::now() + kAgeMax};
  }

  std::optional<Known> Find(const KeyInHand& in_hand) const {
    return FindWhere([&](const Entry& entry) { return entry.in_hand == in_hand; });
  }
  // `question` is all that the key and its token say of themselves.
  std::optional<Known> Find(const Bytes& question) const {
    return FindWhere([&](const Entry& entry) { return entry.question == question; });
  }

  // `in_hand` is of before the key was looked at. What is known already grows no younger by it.
  void Keep(const KeyInHand& in_hand, Bytes question, const Known& known) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [now](const Entry& entry) { return now >= entry.known.until; });
    if (entries_.size() >= kEntriesMax) entries_.clear();
    entries_.push_back({known, in_hand, std::move(question)});
  }

 private:
  void NoteChange() { change_.fetch_add(1, std::memory_order_relaxed); }

  static constexpr std::chrono::milliseconds kAgeMax{500};
  static constexpr size_t kEntriesMax = 64;

  struct Entry {
    Known known;
    KeyInHand in_hand;
    Bytes question;
  };

  template <typename Match>
  std::optional<Known> FindWhere(const Match& match) const {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& entry) {
      return now < entry.known.until && match(entry);
    });
    return found == entries_.rend() ? std::nullopt : std::optional(found->known);
  }

  std::atomic<uint64_t> change_{0};
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace grant::pkcs11::wrap
