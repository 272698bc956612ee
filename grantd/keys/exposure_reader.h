// Looking at a token from outside: its files, its PIN file, and who else registers its module.
#pragma once

#include <string>
#include <vector>

#include "grantd/domain/key_exposure.h"
#include "grantd/hsm/token.h"

namespace grant {

struct ExposureSources {
  // Where p11-kit looks for registrations of modules, the first one first: a file hides one of the
  // same name in a later folder.
  std::vector<std::string> module_folders = {"/etc/pkcs11/modules", "/usr/share/p11-kit/modules"};
  // SoftHSM's configuration; empty: where SoftHSM itself looks for it.
  std::string softhsm_conf = {};
  // Where programs are, of which a registration may name some as those that it is for.
  std::vector<std::string> program_folders = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                              "/usr/bin",        "/sbin",          "/bin"};
};

// What can be seen now. Of token files it knows SoftHSM's alone, no more than kTokenFilesMax. Any
// thread.
inline constexpr size_t kTokenFilesMax = 10'000;
TokenExposure ReadExposure(const TokenSettings& token, const ExposureSources& sources);

}  // namespace grant
