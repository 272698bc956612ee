// System calls that grantd and its workers give up for good, so that whoever takes one of them over
// gets less.
#pragma once

#include "grant/error.h"

namespace grant {

enum class SystemCalls {
  // Files, sockets, threads, and starting workers. What a worker may do is at most that, since a
  // process hands the list on to what it starts.
  kDaemon,
  // The same and what vendors' modules are known to need beside it, for workers that give up
  // nothing more.
  kDaemonOfAnyModule,
  // Files, threads, and the sockets that are open already: no program is started, no socket made.
  kWorker,
};

// Leaves this process, and all that it will start, the calls of that list. What has no honest use
// here kills the process, with SIGSYS; any other call fails with EPERM, because libraries try what
// they can do without, and the kernel logs it where it logs such things. To be called while there
// is one thread. Does nothing in builds with a sanitizer, which needs more. Errors: kUnavailable,
// where the kernel has no seccomp filters.
Status KeepOnly(SystemCalls list);

}  // namespace grant
