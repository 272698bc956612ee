#include "grantd/daemon/command.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

#include "grant/error.h"
#include "grantd/config/config.h"
#include "grantd/daemon/process.h"
#include "grantd/daemon/restore_command.h"
#include "grantd/daemon/serve.h"
#include "grantd/log/log.h"
#include "grantd/supervisor/worker_process.h"

namespace grant::daemon {
namespace {

Status Run(const std::string& config_path, const sigset_t& ending) {
  GRANT_TRY(Config config, LoadConfig(config_path));
  log::Configure(config.log);
  if (config.hsm_worker.empty()) config.hsm_worker = DefaultWorkerExecutable();
  return Serve(config, ending);
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
  ForbidCoreDumps();
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
