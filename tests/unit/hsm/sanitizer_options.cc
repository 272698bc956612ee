// Settings that the sanitizers' runtimes ask a program for; without a sanitizer nobody does.
//
// SoftHSM 2.6 leaks the curve name of every Ed25519 key that it decodes. To tell that such a leak
// is SoftHSM's takes complete stacks, which the fast unwinder does not see through libcrypto.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
__attribute__((visibility("default"))) const char* __asan_default_options() {
  return "fast_unwind_on_malloc=0";
}

// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
__attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:libsofthsm2.so\n";
}

}  // extern "C"
