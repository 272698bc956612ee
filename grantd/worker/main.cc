// grantd-hsm-worker: runs the backing module of one token for grantd, so that grantd outlives what
// the module does. Started by grantd alone; descriptor 3 is a socket over which grantd hands it a
// channel for each call that is to run at the same time as the others.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <system_error>
#include <thread>

#include "grantd/sandbox/system_calls.h"
#include "grantd/worker/control.h"
#include "grantd/worker/service.h"

namespace grant::worker {
namespace {

// What is in this process's memory is nobody's business. It ends with grantd, whose end closes the
// control socket; not by a signal, for a module that is stopped in a login may leave its token's
// files unusable.
void Guard() {
  constexpr rlimit kNone{0, 0};
  setrlimit(RLIMIT_CORE, &kNone);
  prctl(PR_SET_DUMPABLE, 0);
  // A service manager stops all processes of a service at once; grantd still has calls to finish.
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    static_cast<void>(std::signal(signal, SIG_IGN));
  }
}

int Run(bool confined) {
  Guard();
  struct stat file {};
  if (fstat(kControlDescriptor, &file) != 0 || !S_ISSOCK(file.st_mode)) {
    static_cast<void>(fputs("grantd-hsm-worker is started by grantd alone\n", stderr));
    return 2;
  }
  // Before the first byte of the module is loaded.
  if (const Status kept = confined ? KeepOnly(SystemCalls::kWorker) : Status(); !kept) {
    static_cast<void>(fprintf(stderr, "grantd-hsm-worker: %s\n", kept.error().message.c_str()));
    return 1;
  }
  const Descriptor control(kControlDescriptor);
  // Never destroyed: threads are still in it at the end of the process.
  auto& service = *new Service;
  std::thread([&service] { service.KeepFresh(); }).detach();
  while (true) {
    Descriptor socket = ReceiveDescriptor(control);
    if (!socket.open()) break;
    std::thread([&service, held = std::move(socket)]() mutable {
      service.Serve(Channel(std::move(held)));
    }).detach();
  }
  service.Close();
  return 0;
}

}  // namespace
}  // namespace grant::worker

int main(int argc, char** argv) {
  int status = 1;
  try {
    const bool confined = argc < 2 || std::string_view(argv[1]) != grant::worker::kWithoutSeccomp;
    status = grant::worker::Run(confined);
  } catch (const std::exception& error) {
    static_cast<void>(fprintf(stderr, "grantd-hsm-worker: %s\n", error.what()));
  }
  // Without destructors, neither of the module nor of this program: threads may be in both.
  _exit(status);
}
