// C_Initialize and C_Finalize, what stands before them, and every function with nothing but zeros.
#include <string>

#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

template <typename... Arguments>
CK_RV CallWithZeros(CK_RV (*function)(Arguments...)) {
  return function(Arguments{}...);
}

// C_WaitForSlotEvent is left out: SoftHSM says that it has it not, even before C_Initialize.
bool IsCalled(const std::string& name) {
  return name != "C_Initialize" && name != "C_Finalize" && name != "C_WaitForSlotEvent";
}

void CallEachWithZeros(const Host& host, const char* when) {
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name)                                                 \
  if (IsCalled(#name)) {                                                              \
    host.report(#name, std::string("zeros, ") + when, CallWithZeros(host.p11->name)); \
  }
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
}

std::string Text(const CK_UTF8CHAR* field, size_t bytes) {
  const std::string text(reinterpret_cast<const char*>(field), bytes);
  return "'" + text.substr(0, text.find_last_not_of(' ') + 1) + "'";
}

}  // namespace

void BeforeInitialisation(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CallEachWithZeros(host, "before C_Initialize");
  host.report("C_Finalize", "before C_Initialize", p11->C_Finalize(nullptr));
  int reserved = 0;
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.LibraryParameters = reinterpret_cast<CK_CHAR_PTR*>(&reserved);
  host.report("C_Initialize", "reserved is not null", p11->C_Initialize(&arguments));
  arguments = {};
  arguments.CreateMutex = [](CK_VOID_PTR_PTR) -> CK_RV { return CKR_OK; };
  host.report("C_Initialize", "one mutex callback of four", p11->C_Initialize(&arguments));
  host.report("C_Initialize", "null", p11->C_Initialize(nullptr));
  host.report("C_Initialize", "twice", p11->C_Initialize(nullptr));
  host.report("C_Finalize", "reserved is not null", p11->C_Finalize(&reserved));
  host.report("C_Finalize", "", p11->C_Finalize(nullptr));
  host.report("C_Finalize", "twice", p11->C_Finalize(nullptr));
}

void Library(const Host& host) {
  CallEachWithZeros(host, "after C_Initialize");
  CK_INFO info{};
  const CK_RV rv = host.p11->C_GetInfo(&info);
  host.report("C_GetInfo", "", rv,
              std::to_string(info.cryptokiVersion.major) + "." +
                  std::to_string(info.cryptokiVersion.minor) + " " +
                  Text(info.manufacturerID, sizeof info.manufacturerID) + " " +
                  Text(info.libraryDescription, sizeof info.libraryDescription));
}

}  // namespace grant::conformance
