// What the callers of the store hand in.
#pragma once

#include <functional>

#include "grant/error.h"
#include "grantd/store/tables.h"

namespace grant {

using Work = std::function<Status(Tables&)>;

// Runs `work`; an exception that leaves it becomes kInternal, so that it fails that work alone.
Status RunWork(const Work& work, sql::Connection& connection);

}  // namespace grant
