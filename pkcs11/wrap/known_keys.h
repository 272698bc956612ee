// What grantd answered about governed keys a moment ago, so that the next signature with the same
// key need not ask again.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "grant/gate/protocol.h"

namespace grant::pkcs11::wrap {

// Only that a signer governs a key is remembered: each of its uses is asked of grantd all the same.
// That none does would let signatures through. Any thread may call these.
class KnownKeys {
 public:
  // `run` is that of the grantd which is asked, and `question` all that the key and its token say
  // of themselves.
  std::optional<gate::KeyIdentified> Find(uint64_t run, const Bytes& question) const {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_) {
      if (entry.run == run && now < entry.until && entry.question == question) {
        return entry.answer;
      }
    }
    return std::nullopt;
  }

  void Keep(uint64_t run, Bytes question, const gate::KeyIdentified& answer) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [now](const Entry& entry) { return now >= entry.until; });
    if (entries_.size() >= kEntriesMax) entries_.clear();
    entries_.push_back({run, std::move(question), answer, now + kAgeMax});
  }

 private:
  static constexpr std::chrono::milliseconds kAgeMax{500};
  static constexpr size_t kEntriesMax = 16;

  struct Entry {
    uint64_t run;
    Bytes question;
    gate::KeyIdentified answer;
    std::chrono::steady_clock::time_point until;
  };

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace grant::pkcs11::wrap
