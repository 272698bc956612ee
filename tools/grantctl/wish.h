// What a command that asks for a grant is told on its command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/grantctl/output.h"

namespace CLI {
class App;
}

namespace grant::ctl {

struct Wish {
  std::string signer;
  int64_t signings = 0;
  std::string window;  // or:
  std::string from;
  std::string until;
  std::string reason;
  std::vector<std::string> digests;
  std::vector<std::string> files;
  std::vector<std::string> scopes;
  bool secret = false;
  bool another = false;  // also where one that asks for the same is open
};

// SIGNER, --signings, --reason, --digest, --file, --scope and --new. The window is the command's
// own.
void AddWish(CLI::App* command, Wish& wish);

// The request as the API takes it; the files are read for that.
Outcome<Json> RequestBody(Context& context, const Wish& wish);

// Posts that request. Where one that asks for the same is open already, it is that one, and stderr
// says so.
Outcome<Json> AskFor(Context& context, const Wish& wish);

}  // namespace grant::ctl
