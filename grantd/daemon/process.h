// What grantd takes from its process and the kernel: signals, limits, the clock, random bytes.
#pragma once

#include <csignal>

#include "grant/error.h"
#include "grantd/domain/grant_secret.h"
#include "grantd/domain/id.h"
#include "grantd/domain/time.h"
#include "grantd/guard/clock_guard.h"

namespace grant::daemon {

Time Now();
ClockReading ReadClocks();
IdEntropy Entropy();
Result<SecretEntropy> KernelEntropy();

// The signals that end grantd, blocked in every thread so that only one place takes them.
sigset_t BlockEndingSignals();
// Its memory holds PINs and, for moments, secrets: no core file, and nobody but root may look.
void KeepMemoryPrivate();
// Each client is a descriptor and the common soft limit is 1024.
void RaiseDescriptorLimit();

}  // namespace grant::daemon
