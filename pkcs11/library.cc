#include "pkcs11/library.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "pkcs11/fork.h"

namespace grant::pkcs11 {
namespace {

// All that is shared by the threads of one process. A forked child makes its own and leaves the
// parent's as it is, for its locks may be held by threads that the child does not have, and its
// connections are the parent's. It is never freed: nothing here needs a destructor at exit.
struct Process {
  Process(unsigned forks, const Process* abandoned) : generation(forks), parent(abandoned) {}

  const unsigned generation;
  const Process* const parent;
  std::mutex mutex;
  std::shared_ptr<Library> library;
};

constinit std::atomic<Process*> g_process{nullptr};

Process& ThisProcess() {
  Process* process = g_process.load(std::memory_order_acquire);
  while (process == nullptr || process->generation != ForkGeneration()) {
    auto fresh = std::make_unique<Process>(ForkGeneration(), process);
    // Of several threads that come here first, one wins; the others take what it made.
    if (g_process.compare_exchange_strong(process, fresh.get(), std::memory_order_acq_rel)) {
      return *fresh.release();
    }
  }
  return *process;
}

Status CheckArguments(const CK_C_INITIALIZE_ARGS& arguments) {
  // NSS's header puts LibraryParameters where the standard has pReserved, and moves pReserved
  // behind the end of the structure that other hosts pass.
  if (arguments.LibraryParameters != nullptr) return Fail(CKR_ARGUMENTS_BAD);
  const int callbacks = (arguments.CreateMutex != nullptr) + (arguments.DestroyMutex != nullptr) +
                        (arguments.LockMutex != nullptr) + (arguments.UnlockMutex != nullptr);
  if (callbacks != 0 && callbacks != 4) return Fail(CKR_ARGUMENTS_BAD);
  return {};
}

}  // namespace

// The broker accepts the host's mutex callbacks and does not use them: the module's locks are the
// system's, which serve a host that brings its own just as well, and hosts that always pass them
// would otherwise be turned away with CKR_CANT_LOCK.
Status Library::Start(CK_C_INITIALIZE_ARGS* arguments) {
  if (arguments != nullptr) GRANT_CHECK(CheckArguments(*arguments));
  if (Running()) return Fail(CKR_CRYPTOKI_ALREADY_INITIALIZED);
  GRANT_TRY(Config config, LoadConfig());
  auto library = std::make_shared<Library>(std::move(config), Log::Open());
  Status answer;
  if (library->config.mode == Mode::kWrap) {
    GRANT_TRY(library->wrap, wrap::Wrap::Open(library->config));
    answer = library->wrap->Initialize(arguments);
    if (!answer && answer.error().rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) return answer;
  } else {
    library->broker = std::make_unique<Broker>(library->config);
  }
  // There was no log to write to when the call began.
  library->log.Call("C_Initialize", answer ? CKR_OK : answer.error().rv, {});
  Process& process = ThisProcess();
  std::lock_guard lock(process.mutex);
  if (!process.library) {
    process.library = std::move(library);
  } else if (!library->wrap) {  // else the backing module has said which of two was the first
    return Fail(CKR_CRYPTOKI_ALREADY_INITIALIZED);
  }
  return answer;
}

Status Library::Stop(CK_VOID_PTR reserved) {
  if (reserved != nullptr) return Fail(CKR_ARGUMENTS_BAD);
  std::shared_ptr<Library> stopped;
  {
    Process& process = ThisProcess();
    std::lock_guard lock(process.mutex);
    stopped = std::exchange(process.library, nullptr);
  }
  // A forked child has inherited an initialised backing module, and may want it finalised.
  if (!stopped) return wrap::Wrap::FinalizeInherited();
  if (stopped->wrap) return stopped->wrap->Finalize();
  stopped->broker->sessions.CloseAll();
  return {};
}

Result<std::shared_ptr<Library>> Library::Running() {
  Process& process = ThisProcess();
  std::lock_guard lock(process.mutex);
  if (!process.library) return Fail(CKR_CRYPTOKI_NOT_INITIALIZED);
  return process.library;
}

}  // namespace grant::pkcs11
