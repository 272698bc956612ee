// The command line of grantd.
#pragma once

namespace grant::daemon {

// Runs grantd from its arguments to its exit status.
int Main(int argc, char** argv);

}  // namespace grant::daemon
