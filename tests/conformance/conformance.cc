// usage: conformance [--prepare] MODULE TOKEN-LABEL PIN
//
// With --prepare: makes the keys that sign on the token, and nothing else. Without: calls the
// module's functions and reports each answer on stdout. See report.h.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

bool FindSlot(Host& host) {
  std::vector<CK_SLOT_ID> slots(64);
  CK_ULONG count = slots.size();
  if (host.p11->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) return false;
  slots.resize(count);
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (host.p11->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    const std::string label(reinterpret_cast<const char*>(info.label), sizeof info.label);
    if (label.substr(0, label.find_last_not_of(' ') + 1) != host.label) continue;
    host.slot = slot;
    return true;
  }
  return false;
}

CK_RV Initialize(const Host& host) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  return host.p11->C_Initialize(&arguments);
}

int Main(bool prepare, char** arguments) {
  void* const library = dlopen(arguments[0], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  Host host{.label = arguments[1], .pin = arguments[2]};
  const auto get_list = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get_list == nullptr || get_list(&host.p11) != CKR_OK) return 1;
  if (!prepare) BeforeInitialisation(host);
  if (Initialize(host) != CKR_OK || !FindSlot(host)) {
    std::fprintf(stderr, "there is no token '%s'\n", host.label.c_str());
    return 1;
  }
  if (prepare) {
    Prepare(host);
  } else {
    for (const auto section : {Library, Tokens, Sessions, Objects, Digests, Encryption, Macs,
                               KeyManagement, Signing, Unsupported}) {
      section(host);
      host.p11->C_CloseAllSessions(host.slot);
    }
  }
  host.p11->C_Finalize(nullptr);
  return 0;
}

}  // namespace
}  // namespace grant::conformance

int main(int argc, char** argv) {
  const bool prepare = argc > 1 && std::strcmp(argv[1], "--prepare") == 0;
  if (argc != (prepare ? 5 : 4)) return 2;
  return grant::conformance::Main(prepare, argv + (prepare ? 2 : 1));
}
