// `grantd restore`: a backup in the place of the database.
#pragma once

#include <string>

#include "grant/error.h"

namespace CLI {
class App;
}

namespace grant::daemon {

struct RestoreOptions {
  std::string from;
  std::string reason;
};

const CLI::App* AddRestoreCommand(CLI::App& app, RestoreOptions& options);

// Says on stdout what was done and what is to be done next. Root becomes the user that the state
// directory belongs to before anything is written.
Status RunRestore(const std::string& config_path, const RestoreOptions& options);

}  // namespace grant::daemon
