// When a message that was not delivered is tried again.
#pragma once

#include <cstdint>

#include "grantd/domain/time.h"
#include "grantd/notify/settings.h"

namespace grant {

// How long to wait after this many failed attempts, from 1: retry.first, then twice as long each
// time, up to retry.longest. `jitter`, from 0 to 1, takes off up to a fifth, so that messages that
// failed together do not all come back together.
Duration RetryDelay(const RetrySettings& retry, uint32_t failed_attempts, double jitter);

}  // namespace grant
