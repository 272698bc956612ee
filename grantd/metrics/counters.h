// Counts that differ in the values of their labels, for instance by signer and outcome.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace grant::metrics {

// Any thread may call these.
class Counters {
 public:
  using Values = std::vector<std::string>;  // one a label, in an order that the user keeps to

  // Of more different values than this, the later ones are counted together as "other".
  static constexpr size_t kSeriesMax = 1000;

  void Increment(const Values& values);
  std::map<Values, uint64_t> Read() const;

 private:
  mutable std::mutex mutex_;
  std::map<Values, uint64_t> counts_;
};

}  // namespace grant::metrics
