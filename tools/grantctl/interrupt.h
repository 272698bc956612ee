// Waiting that Ctrl-C ends in an orderly way.
#pragma once

#include <chrono>

namespace grant::ctl {

// Waits that long; false as soon as the user interrupts (SIGINT, SIGTERM). From the first call on
// these signals are held back from the process, and one that came between two calls counts for the
// second: a program that waits must go on calling, or end.
bool PauseUnlessInterrupted(std::chrono::milliseconds limit);

}  // namespace grant::ctl
