#include "pkcs11/wrap/wrap.h"

#include <dlfcn.h>

#include <atomic>

namespace grant::pkcs11::wrap {
namespace {

// The backing modules that were loaded, the last one first. They stay as long as the process lives.
struct Loaded {
  std::unique_ptr<cryptoki::BackingModule> module;
  const Loaded* before;
};

constinit std::atomic<const Loaded*> g_loaded{nullptr};

// The start of the loaded file that holds this address.
const void* FileOf(const void* address) {
  Dl_info info{};
  return dladdr(address, &info) == 0 ? nullptr : info.dli_fbase;
}

tl::unexpected<Error> Unusable(std::string message) {
  return tl::unexpected<Error>(Error{CKR_GENERAL_ERROR, std::move(message),
                                     "module = in the configuration names the backing module",
                                     Tell::kFailed});
}

// The module at that path, loaded where it is not the last one already.
Result<const cryptoki::BackingModule*> Load(const std::string& path) {
  const Loaded* last = g_loaded;
  if (last != nullptr && last->module->path() == path) return last->module.get();
  auto module = cryptoki::BackingModule::Load(path);
  if (!module) return Unusable(module.error().message);
  const auto* const function =
      reinterpret_cast<const void*>((*module)->all_functions().C_Initialize);
  if (FileOf(function) == FileOf(&g_loaded)) {
    return Unusable(path + " is this module itself, not the token's");
  }
  auto loaded = std::make_unique<Loaded>(Loaded{*std::move(module), last});
  while (!g_loaded.compare_exchange_weak(loaded->before, loaded.get())) {
  }
  return loaded.release()->module.get();
}

}  // namespace

Result<std::unique_ptr<Wrap>> Wrap::Open(const Config& config) {
  GRANT_TRY(const cryptoki::BackingModule* const module, Load(config.module));
  return std::unique_ptr<Wrap>(new Wrap(config, module->all_functions()));
}

Status Wrap::Initialize(CK_C_INITIALIZE_ARGS* arguments) {
  return FromBacking(functions_.C_Initialize(arguments));
}

Status Wrap::Finalize() {
  return FromBacking(functions_.C_Finalize(nullptr));
}

Status Wrap::FinalizeInherited() {
  const Loaded* const last = g_loaded;
  if (last == nullptr) return Fail(CKR_CRYPTOKI_NOT_INITIALIZED);
  return FromBacking(last->module->functions()->C_Finalize(nullptr));
}

}  // namespace grant::pkcs11::wrap
