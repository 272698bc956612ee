// Whether grantd could sign now, for whoever sends it work.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "grant/refusal.h"
#include "grantd/gate/key_directory.h"
#include "grantd/store/store.h"

namespace grant {

// A transaction of this age means that the writer makes no progress: a commit on a slow disk takes
// a second, and checking a database after a failure some.
inline constexpr std::chrono::seconds kWriterStalledAfter{30};

inline bool WriterStalled(Store& store) {
  return store.Writing().busy > kWriterStalledAfter;
}

// What stands in the way of every signature, or of those with one token; empty where nothing does.
// Each is a short sentence that anybody may read: it names tokens and causes, and no person. Any
// thread.
std::vector<std::string> WhyNotReady(KeyDirectory& keys, Store& store,
                                     const std::vector<Refusal>& alarms);

}  // namespace grant
