// Waiting that Ctrl-C ends in an orderly way.
#pragma once

#include <signal.h>  // NOLINT(modernize-deprecated-headers,hicpp-deprecated-headers): sigset_t

#include <chrono>

namespace grant::ctl {

// Those by which a user, a terminal or a service manager ends a process, without those that this
// one was started to ignore, as by nohup.
sigset_t EndingSignals();

// Waits that long; false as soon as the user interrupts (EndingSignals()). From the first call on
// these signals are held back from the process, and one that came between two calls counts for the
// second: a program that waits must go on calling, or end.
bool PauseUnlessInterrupted(std::chrono::milliseconds limit);

}  // namespace grant::ctl
