// The usable grants of those who sign often, so that a signature need not ask the store for what it
// said a moment ago.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "grantd/domain/grant.h"
#include "grantd/domain/principal.h"

namespace grant {

// What is known may say that a signature is allowed where the store, which has the last word, says
// that it is not, and the other way round; it does so only for what happens at the same moment. Any
// thread may call these.
class KnownGrants {
 public:
  // Those that were kept at the same generation of the store, with the uses since; none where that
  // was another. For a signature of `holder` with `signer`.
  std::vector<Grant> Find(const std::string& signer, const Principal& holder, uint64_t generation);
  // `generation` is of before the grants were read.
  void Keep(const std::string& signer, const Principal& holder, uint64_t generation,
            std::vector<Grant> grants);
  // What was kept did not lead to a use.
  void Forget(const std::string& signer, const Principal& holder);
  // A use was spent.
  void CountUse(const std::string& signer, const Principal& holder, const std::string& grant_id);

 private:
  using Key = std::pair<std::string, std::string>;  // signer, holder
  struct Entry {
    uint64_t generation = 0;
    std::vector<Grant> grants;
  };

  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

}  // namespace grant
