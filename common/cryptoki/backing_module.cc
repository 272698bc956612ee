#include "grant/cryptoki/backing_module.h"

#include <dlfcn.h>

#include "grant/cryptoki/names.h"

namespace grant::cryptoki {

namespace {

// The module's own list of version 3.0 where it has one; else its list of version 2 without the
// functions that are new in 3.0.
CK_FUNCTION_LIST_3_0 AllFunctions(void* library, const CK_FUNCTION_LIST& functions) {
  const auto get_interface = reinterpret_cast<CK_C_GetInterface>(dlsym(library, "C_GetInterface"));
  CK_UTF8CHAR name[] = "PKCS 11";
  CK_VERSION version{3, 0};
  CK_INTERFACE* found = nullptr;
  if (get_interface != nullptr && get_interface(name, &version, &found, 0) == CKR_OK &&
      found != nullptr && found->pFunctionList != nullptr &&
      // A module that does not look at the version may have given its shorter list.
      static_cast<const CK_VERSION*>(found->pFunctionList)->major == 3) {
    return *static_cast<const CK_FUNCTION_LIST_3_0*>(found->pFunctionList);
  }
  CK_FUNCTION_LIST_3_0 all{};
  all.version = functions.version;
#define CK_PKCS11_2_0_ONLY 1
#define CK_PKCS11_FUNCTION_INFO(name) all.name = functions.name;
#include <pkcs11f.h>
#undef CK_PKCS11_FUNCTION_INFO
#undef CK_PKCS11_2_0_ONLY
  return all;
}

}  // namespace

BackingModule::BackingModule(std::string path, CK_FUNCTION_LIST* functions,
                             const CK_FUNCTION_LIST_3_0& all_functions)
    : path_(std::move(path)), functions_(functions), all_functions_(all_functions) {}

Result<std::unique_ptr<BackingModule>> BackingModule::Load(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    // The loader keeps its message per thread, and starts it with the path.
    const char* const reason = dlerror();
    return Fail(Code::kUnavailable,
                "cannot load the PKCS#11 module: " + std::string(reason ? reason : path));
  }
  const auto get_function_list =
      reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  if (get_function_list == nullptr) {
    return Fail(Code::kInvalid, path + " is no PKCS#11 module: it has no C_GetFunctionList");
  }
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV rv = get_function_list(&functions); rv != CKR_OK || functions == nullptr) {
    return Fail(Code::kInvalid,
                path + " is no PKCS#11 module: C_GetFunctionList gave " + ReturnValueName(rv));
  }
  // Versions 2.0 to 3.x share the function list that is used here; 1.0 does not.
  if (functions->version.major < 2 || functions->version.major > 3) {
    return Fail(Code::kInvalid, path + " speaks PKCS#11 version " +
                                    std::to_string(functions->version.major) + ", not 2 or 3");
  }
  return std::unique_ptr<BackingModule>(
      new BackingModule(path, functions, AllFunctions(library, *functions)));
}

Status BackingModule::Initialize() {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV rv = functions_->C_Initialize(&arguments);
  if (rv == CKR_OK || rv == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  return tl::make_unexpected(TokenError("C_Initialize", rv));
}

void BackingModule::Finalize() {
  functions_->C_Finalize(nullptr);
}

Error TokenError(const char* function, CK_RV rv) {
  return {Code::kUnavailable, std::string(function) + " failed: " + ReturnValueName(rv), {}};
}

}  // namespace grant::cryptoki
