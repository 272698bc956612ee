// A PKCS#11 module loaded into this process.
#pragma once

#include <memory>
#include <string>

#include "grant/cryptoki/cryptoki.h"
#include "grant/error.h"

namespace grant::cryptoki {

// Loads with RTLD_NOW | RTLD_LOCAL and never unloads: modules do not survive dlclose reliably.
// Threads: the function list may be called by any thread once it is initialised.
class BackingModule {
 public:
  // Errors: kUnavailable with the loader's own words, kInvalid where it is no PKCS#11 module.
  static Result<std::unique_ptr<BackingModule>> Load(const std::string& path);

  // C_Initialize with OS locking; CKR_CRYPTOKI_ALREADY_INITIALIZED counts as success.
  Status Initialize();
  void Finalize();

  CK_FUNCTION_LIST* functions() const { return functions_; }
  // The same and those of version 3.0, where the module has them; the others are null.
  const CK_FUNCTION_LIST_3_0& all_functions() const { return all_functions_; }
  const std::string& path() const { return path_; }

 private:
  BackingModule(std::string path, CK_FUNCTION_LIST* functions,
                const CK_FUNCTION_LIST_3_0& all_functions);
  std::string path_;
  CK_FUNCTION_LIST* functions_;
  CK_FUNCTION_LIST_3_0 all_functions_;
};

// "C_Sign failed: CKR_DEVICE_ERROR" as an Error of Code::kUnavailable.
Error TokenError(const char* function, CK_RV rv);

}  // namespace grant::cryptoki
