// Stops by the user (Ctrl-Z): the shell is to find the terminal as it was.
#pragma once

namespace grant::ctl {

// From now on `parting` is written to stdout right before such a stop takes effect; null ends that.
// Returns whether one took effect since the last call. `parting` stays where it is. Where this
// process was started to ignore such stops, it goes on to. For one thread.
bool WriteBeforeStops(const char* parting);

}  // namespace grant::ctl
