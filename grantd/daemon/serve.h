// grantd put together: which part is given to which.
#pragma once

#include <csignal>

#include "grant/error.h"
#include "grantd/config/config.h"
#include "grantd/daemon/service_manager.h"

namespace grant::daemon {

// Serves until one of the signals in `ending`, which are blocked, arrives; what runs then finishes.
Status Serve(const Config& config, const sigset_t& ending, ServiceManager& manager);

}  // namespace grant::daemon
