// Who can reach a token beside grantd: rules that turn modes and owners of files into findings.
// No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grantd/domain/key_audit.h"

namespace grant {

// One part of a path, as stat(2) describes it.
struct PathPart {
  std::string path;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t mode = 0;
  bool directory = false;
};

// A path from the root down to the file or directory that it is about; not empty.
using PathChain = std::vector<PathPart>;

struct SystemUser {
  std::string name;
  uint32_t uid = 0;
  std::vector<uint32_t> gids;
  // Nobody could say who it is: anybody but root and grantd's user, and in any group.
  bool unknown = false;
};

// Whether the modes let the user, who is known, read or write the file at the end of the chain, or
// change what is in the directory there. Of root, who needs no mode, they say nothing.
bool MayReach(const PathChain& chain, const SystemUser& user);

// A system-wide registration of the backing module.
struct OtherModule {
  std::string registration;  // "/usr/share/p11-kit/modules/softhsm2.module"
  std::string module;        // as it stands there
};

// What there is to see of one token from outside.
struct TokenExposure {
  std::vector<PathChain> token_files;  // none where the token is no files, or nobody knows where
  PathChain pin_file;                  // empty where it cannot be looked at
  std::vector<OtherModule> other_modules;
};

// `users` are those of the signer; `grantd` is the uid of grantd itself.
std::vector<KeyFinding> AuditExposure(const TokenExposure& exposure,
                                      const std::vector<SystemUser>& users, uint32_t grantd);

}  // namespace grant
