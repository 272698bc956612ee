// A host that does with its process what hosts do: it forks, at good moments and at bad ones, runs
// threads, becomes a daemon, and calls in while it exits.
//
//   usage: process_host MODULE LABEL PIN SCENARIO     (an empty PIN: no login)
//
// Prints a line for each step, "STEP: CKR_...", and exits with 0 where it came to its end. Lines of
// a child begin with "child ".
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "grant/cryptoki/cryptoki.h"
#include "grant/cryptoki/names.h"

namespace grant {
namespace {

CK_FUNCTION_LIST* p11 = nullptr;
std::string g_label;
std::string g_pin;
bool g_child = false;

// One write each: parent and child share the pipe.
void Say(const std::string& step, const std::string& what) {
  const std::string line = (g_child ? "child " : "") + step + ": " + what + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(9);
}

CK_RV Say(const std::string& step, CK_RV rv) {
  Say(step, cryptoki::ReturnValueName(rv));
  return rv;
}

struct Session {
  CK_SESSION_HANDLE handle = 0;
  CK_OBJECT_HANDLE key = 0;
};

CK_RV Login(CK_SESSION_HANDLE session) {
  if (g_pin.empty()) return CKR_OK;
  const CK_RV rv =
      p11->C_Login(session, CKU_USER, reinterpret_cast<CK_BYTE*>(g_pin.data()), g_pin.size());
  return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

CK_RV Open(Session& session) {
  CK_SLOT_ID slots[8];
  CK_ULONG count = 8;
  if (const CK_RV rv = p11->C_GetSlotList(CK_TRUE, slots, &count); rv != CKR_OK) return rv;
  if (count == 0) return CKR_TOKEN_NOT_PRESENT;
  CK_RV rv = p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION, nullptr, nullptr, &session.handle);
  if (rv == CKR_OK) rv = Login(session.handle);
  CK_OBJECT_CLASS object_class = CKO_PRIVATE_KEY;
  CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &object_class, sizeof object_class},
                           {CKA_LABEL, g_label.data(), g_label.size()}};
  if (rv == CKR_OK) rv = p11->C_FindObjectsInit(session.handle, wanted, 2);
  if (rv != CKR_OK) return rv;
  CK_ULONG found = 0;
  rv = p11->C_FindObjects(session.handle, &session.key, 1, &found);
  p11->C_FindObjectsFinal(session.handle);
  return rv == CKR_OK && found == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

CK_RV SignInit(const Session& session) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  return p11->C_SignInit(session.handle, &mechanism, session.key);
}

CK_RV Complete(const Session& session) {
  CK_BYTE digest[32] = {1, 2, 3};
  CK_BYTE signature[128];
  CK_ULONG size = sizeof signature;
  return p11->C_Sign(session.handle, digest, sizeof digest, signature, &size);
}

CK_RV Sign(const Session& session) {
  const CK_RV rv = SignInit(session);
  return rv == CKR_OK ? Complete(session) : rv;
}

// A whole life: what a child does that wants to sign by itself.
void OpenAndSign() {
  Session session;
  Say("open", Open(session));
  Say("sign", Sign(session));
}

// Runs `body` in a child and waits for it.
template <typename Body>
void InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    g_child = true;
    body();
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) Say("child", "was lost");
}

void IdleFork() {
  Session session;
  Say("open", Open(session));
  InChild([&] {
    CK_INFO info;
    Say("info", p11->C_GetInfo(&info));
    Say("sign-init", SignInit(session));
  });
  Say("sign", Sign(session));
}

void ForkInOperation() {
  Session session;
  Say("open", Open(session));
  Say("sign-init", SignInit(session));
  InChild([&] {
    Say("end", Complete(session));
    Say("initialize", p11->C_Initialize(nullptr));
    Say("end-again", Complete(session));
    OpenAndSign();
  });
  Say("end", Complete(session));
}

void ChildFinalizesFirst() {
  Session session;
  Say("open", Open(session));
  InChild([] {
    Say("finalize", p11->C_Finalize(nullptr));
    Say("initialize", p11->C_Initialize(nullptr));
    OpenAndSign();
    Say("finalize", p11->C_Finalize(nullptr));
  });
  Say("sign", Sign(session));
}

// nginx: the master initialises, its workers initialise again and carry on whatever the answer is.
void Workers() {
  Session session;
  Say("open", Open(session));
  for (int i = 0; i < 3; ++i) {
    InChild([] {
      p11->C_Initialize(nullptr);
      OpenAndSign();
    });
  }
}

void Daemonise() {
  Session session;
  Say("open", Open(session));
  InChild([] {
    setsid();
    InChild([] {
      if (chdir("/") != 0) return;
      p11->C_Initialize(nullptr);
      OpenAndSign();
    });
  });
}

// Whether the thread waits for an answer, and not for a lock of the backing module's, which no
// child would ever get.
bool WaitsForAnswer(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/syscall");
  long number = -1;
  return file >> number && number == SYS_poll;
}

// Sends a signal to grantd, whose process GRANTD_PID names.
void ToGrantd(int signal) {
  const char* pid = std::getenv("GRANTD_PID");
  if (pid == nullptr || kill(std::atoi(pid), signal) != 0) Say("grantd", "cannot be signalled");
}

// Forks while other threads are inside the module and wait for grantd, which is stopped meanwhile.
void ForkInCalls() {
  constexpr int kThreads = 4;
  std::vector<Session> sessions(kThreads);
  for (Session& session : sessions) Say("open", Open(session));
  ToGrantd(SIGSTOP);
  std::atomic<pid_t> ids[kThreads] = {};
  CK_RV answers[kThreads] = {};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      ids[i] = gettid();
      answers[i] = Sign(sessions[i]);
    });
  }
  for (const std::atomic<pid_t>& id : ids) {
    while (id == 0 || !WaitsForAnswer(id)) std::this_thread::yield();
  }
  InChild([&] {
    Say("sign-init", SignInit(sessions[0]));
    p11->C_Initialize(nullptr);
    ToGrantd(SIGCONT);
    OpenAndSign();
  });
  for (std::thread& thread : threads) thread.join();
  for (const CK_RV rv : answers) Say("sign", rv);
}

// As a server does: sessions in a pool, threads that take one for each signature.
void Threads() {
  constexpr int kThreads = 32;
  constexpr int kSessions = 8;
  constexpr int kEach = 4;
  std::mutex mutex;
  std::vector<Session> pool(kSessions);
  for (Session& session : pool) {
    if (const CK_RV rv = Open(session); rv != CKR_OK) Say("open", rv);
  }
  std::map<CK_RV, int> answers;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kEach;) {
        std::unique_lock lock(mutex);
        if (pool.empty()) {
          lock.unlock();
          std::this_thread::yield();
          continue;
        }
        const Session session = pool.back();
        pool.pop_back();
        lock.unlock();
        const CK_RV rv = Sign(session);
        lock.lock();
        ++answers[rv];
        pool.push_back(session);
        ++n;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& [rv, count] : answers) {
    Say("signed", std::to_string(count) + " " + cryptoki::ReturnValueName(rv));
  }
}

Session g_at_exit;

void AtExit() {
  atexit([] {
    Say("sign", Sign(g_at_exit));
    Say("finalize", p11->C_Finalize(nullptr));
  });
  Say("open", Open(g_at_exit));
  exit(0);
}

void FinalizeWithOpenSessions() {
  Session session;
  Say("open", Open(session));
  Say("sign-init", SignInit(session));
  Say("finalize", p11->C_Finalize(nullptr));
  Say("end", Complete(session));
  Say("initialize", p11->C_Initialize(nullptr));
  Say("end", Complete(session));
  OpenAndSign();
}

CK_RV Mutex(void** mutex) {
  static int one = 0;
  *mutex = &one;
  return CKR_OK;
}
CK_RV UseMutex(void*) {
  return CKR_OK;
}

void InitializeArguments() {
  const auto again = [](const char* step, CK_C_INITIALIZE_ARGS* arguments) {
    Say(step, p11->C_Initialize(arguments));
    p11->C_Finalize(nullptr);
  };
  Say("twice", p11->C_Initialize(nullptr));
  p11->C_Finalize(nullptr);
  Say("finalize-twice", p11->C_Finalize(nullptr));
  CK_C_INITIALIZE_ARGS arguments{};
  again("no-locking", &arguments);
  arguments.flags = CKF_OS_LOCKING_OK;
  again("os-locking", &arguments);
  arguments.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
  again("no-threads", &arguments);
  arguments = {Mutex, UseMutex, UseMutex, UseMutex, CKF_OS_LOCKING_OK, nullptr, nullptr};
  again("callbacks", &arguments);
  arguments.LockMutex = nullptr;
  again("some-callbacks", &arguments);
  arguments = {};
  // The standard's pReserved, under the name that this header gives it.
  static CK_CHAR parameters[] = "parameters";
  arguments.LibraryParameters = reinterpret_cast<decltype(arguments.LibraryParameters)>(parameters);
  again("reserved", &arguments);
}

constexpr struct {
  const char* name;
  void (*run)();
} kScenarios[] = {{"idle-fork", IdleFork},
                  {"fork-in-operation", ForkInOperation},
                  {"fork-in-calls", ForkInCalls},
                  {"child-finalizes-first", ChildFinalizesFirst},
                  {"workers", Workers},
                  {"daemonise", Daemonise},
                  {"threads", Threads},
                  {"at-exit", AtExit},
                  {"after-dlclose", AtExit},
                  {"finalize-with-open-sessions", FinalizeWithOpenSessions},
                  {"initialize-arguments", InitializeArguments}};

int Run(const char* module, const std::string& scenario) {
  void* library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  auto get_list = library == nullptr
                      ? nullptr
                      : reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get_list == nullptr || get_list(&p11) != CKR_OK) {
    std::fprintf(stderr, "cannot load %s: %s\n", module, dlerror());
    return 2;
  }
  if (scenario == "after-dlclose") dlclose(library);
  // A host with threads must say so: SoftHSM takes no locks otherwise.
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  Say("initialize", p11->C_Initialize(&arguments));
  for (const auto& known : kScenarios) {
    if (scenario != known.name) continue;
    known.run();
    return 0;
  }
  std::fprintf(stderr, "unknown scenario %s\n", scenario.c_str());
  return 2;
}

}  // namespace
}  // namespace grant

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: process_host MODULE LABEL PIN SCENARIO\n");
    return 2;
  }
  grant::g_label = argv[2];
  grant::g_pin = argv[3];
  return grant::Run(argv[1], argv[4]);
}
