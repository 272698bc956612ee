#include "pkcs11/fork.h"

#include <pthread.h>

#include <atomic>

namespace grant::pkcs11 {
namespace {

constinit std::atomic<unsigned> g_generation{0};

void CountFork() {
  g_generation.fetch_add(1, std::memory_order_relaxed);
}

// Registered while the module is being loaded, when no other thread can be inside it. The module is
// never unloaded, so the handler stays callable.
[[gnu::constructor]] void WatchForks() {
  pthread_atfork(nullptr, nullptr, CountFork);
}

}  // namespace

unsigned ForkGeneration() {
  return g_generation.load(std::memory_order_relaxed);
}

}  // namespace grant::pkcs11
