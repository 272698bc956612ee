#include "grantd/daemon/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "grant/error.h"
#include "grantd/config/config.h"
#include "grantd/daemon/process.h"
#include "grantd/daemon/restore_command.h"
#include "grantd/daemon/serve.h"
#include "grantd/daemon/service_manager.h"
#include "grantd/log/log.h"
#include "grantd/sandbox/system_calls.h"
#include "grantd/supervisor/worker_process.h"

namespace grant::daemon {
namespace {

// Where the service manager has put the PINs that it keeps.
Status FindCredentials(Config& config) {
  const char* const directory =
      std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  for (TokenSettings& token : config.tokens) {
    if (token.pin_source != PinSource::kCredential) continue;
    if (directory == nullptr) {
      return Fail(
          Code::kInvalid,
          "token '" + token.name + "' has its PIN from the credential '" + token.pin_credential +
              "', but there are no credentials",
          "LoadCredential=" + token.pin_credential + ":/path in grantd's unit, or pin_file");
    }
    token.pin_file = std::string(directory) + "/" + token.pin_credential;
  }
  return {};
}

SystemCalls CallsFor(const Config& config) {
  const bool confined =
      std::ranges::all_of(config.tokens, [](const auto& token) { return token.worker_seccomp; });
  return confined ? SystemCalls::kDaemon : SystemCalls::kDaemonOfAnyModule;
}

Status Run(const std::string& config_path, const sigset_t& ending) {
  GRANT_TRY(ServiceManager manager, ServiceManager::FromEnvironment());
  GRANT_TRY(Config config, LoadConfig(config_path));
  log::Configure(config.log);
  GRANT_CHECK(FindCredentials(config));
  if (config.hsm_worker.empty()) config.hsm_worker = DefaultWorkerExecutable();
  if (config.seccomp) GRANT_CHECK(KeepOnly(CallsFor(config)));
  return Serve(config, ending, manager);
}

int RunCommand(int argc, char** argv) {
  CLI::App app("grantd lets people sign with keys on a token only under a grant");
  std::string config_path = "/etc/grantd/grantd.toml";
  app.add_option("--config", config_path, "the configuration file")->capture_default_str();
  app.set_version_flag("--version", "grantd " GRANT_VERSION);
  RestoreOptions restore;
  const CLI::App* restoring = AddRestoreCommand(app, restore);
  CLI11_PARSE(app, argc, argv);

  static_cast<void>(signal(SIGPIPE, SIG_IGN));
  const sigset_t ending = BlockEndingSignals();
  RaiseDescriptorLimit();
  KeepMemoryPrivate();
  log::Configure({});
  const Status status =
      restoring->parsed() ? RunRestore(config_path, restore) : Run(config_path, ending);
  if (!status) {
    std::cerr << "grantd: " << status.error().message << '\n';
    if (!status.error().hint.empty()) std::cerr << "hint: " << status.error().hint << '\n';
    return 1;
  }
  return 0;
}

}  // namespace

int Main(int argc, char** argv) {
  try {
    return RunCommand(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "grantd: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace grant::daemon
