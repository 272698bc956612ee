// The key audit of signers: what their tokens say, and what there is to see around them.
#pragma once

#include <map>
#include <vector>

#include "grantd/domain/rules.h"
#include "grantd/gate/key_directory.h"
#include "grantd/keys/exposure_reader.h"

namespace grant {

// Any thread may call these. Each looks anew; the user database is asked, which may take its time.
class KeyAuditor {
 public:
  explicit KeyAuditor(KeyDirectory& keys, ExposureSources sources = {})
      : keys_(keys), sources_(std::move(sources)) {}

  // What is to be seen around the key of each signer, which needs no word of its token.
  ExposedKeys LookAround(const Rules& rules);

  // All findings about the signer's key, the worst first; `around` are those of LookAround().
  // Errors: those of KeyDirectory::KeyOf.
  Result<std::vector<KeyFinding>> Examine(const Signer& signer, std::vector<KeyFinding> around);
  // The same, after a look around.
  Result<std::vector<KeyFinding>> Examine(const Signer& signer, const Rules& rules);

  // Whether each signer has its key and no finding stands against one. kInvalid names the findings
  // and says what to do.
  Status CheckRules(const Rules& rules);

 private:
  // Each is looked up once, however many signers there are.
  struct Seen {
    MembersOf members_of;
    std::map<Token*, TokenExposure> tokens;
  };
  std::vector<KeyFinding> LookAround(const Signer& signer, const Rules& rules, Seen& seen);

  KeyDirectory& keys_;
  const ExposureSources sources_;
};

}  // namespace grant
