// What a command that asks for a grant is told on its command line.
#pragma once

#include <cstdint>
#include <functional>
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

// SIGNER, --signings, --digest, --file and --scope.
void AddTerms(CLI::App* command, Wish& wish);
// --window, or --from with --until. Throws CLI::RequiredError from the callback that it returns
// where neither is given; the command's own callback calls it first.
std::function<void()> AddWindow(CLI::App* command, Wish& wish);
// Those terms and --reason. The window is the command's own.
void AddWish(CLI::App* command, Wish& wish);

// The request as the API takes it; the files are read for that.
Outcome<Json> RequestBody(Context& context, const Wish& wish);

// Posts that request. Where one that asks for the same is open already, it is that one, and stderr
// says so. With `wish.secret` the secret goes into `secret`, which is wiped by whoever has shown
// it.
Outcome<Json> AskFor(Context& context, const Wish& wish, std::string& secret);

}  // namespace grant::ctl
