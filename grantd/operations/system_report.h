// Gathers what only grantd can see of files, disks and workers.
#pragma once

#include "grantd/config/config.h"
#include "grantd/gate/key_directory.h"
#include "grantd/operations/report.h"
#include "grantd/operations/totals_cache.h"

namespace grant {

// A few system calls a token and a file, and the configuration read once more. Any
// thread.
SystemReport ReportSystem(const Config& config, KeyDirectory& keys, TotalsCache& totals);

// Of the database and its log; 0 where there is none. Any thread.
struct DatabaseSize {
  uint64_t database = 0;
  uint64_t log = 0;
};
DatabaseSize SizeOfDatabase(const std::string& state_dir);

}  // namespace grant
