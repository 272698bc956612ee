#include "grantd/daemon/restore_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <iostream>
#include <system_error>
#include <utility>

#include "grantd/backup/restore.h"
#include "grantd/config/config.h"
#include "grantd/daemon/process.h"
#include "grantd/net/user_database.h"

namespace grant::daemon {
namespace {

std::string Reason(int number) {
  return std::generic_category().message(number);
}

// Opened before root becomes somebody else: backups may be root's alone.
Result<Descriptor> OpenBackup(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (!file.open() || fstat(file.get(), &status) != 0) {
    return Fail(Code::kNotFound, fmt::format("cannot open {}: {}", path, Reason(errno)),
                "--from names a file that grantctl backup made");
  }
  if (S_ISREG(status.st_mode)) return file;
  return Fail(Code::kInvalid, path + " is not a regular file");
}

// What root wrote there grantd could not open.
Status BecomeOwnerOf(const std::string& state_dir) {
  struct stat status = {};
  if (geteuid() != 0 || stat(state_dir.c_str(), &status) != 0 || status.st_uid == 0) return {};
  if (setgroups(0, nullptr) == 0 && setgid(status.st_gid) == 0 && setuid(status.st_uid) == 0) {
    return {};
  }
  return Fail(Code::kUnavailable,
              fmt::format("cannot become user {}: {}", status.st_uid, Reason(errno)),
              "run it as the user that runs grantd");
}

void Tell(const Restored& restored) {
  std::cout << fmt::format("restored: the audit ends with entry {} of the backup\n",
                           restored.backup.number);
  if (!restored.mark) {
    std::cout << "grantd's mark is missing, so it is not known what was lost\n";
  } else {
    const int64_t lost = restored.mark->head.number - restored.backup.number;
    std::cout << fmt::format("grantd had come to entry {}: {} entries are lost\n",
                             restored.mark->head.number, std::max<int64_t>(0, lost));
  }
  if (!restored.replaced.empty()) {
    std::cout << fmt::format("what was there is kept in {}\n", restored.replaced);
  }
  std::cout << "next: start grantd; it signs nothing until an administrator has looked at what was "
               "lost, and at the rules, and says: grantctl audit acknowledge --reason '...'\n"
               "that revokes all grants with uses left and cancels all open requests\n";
}

}  // namespace

const CLI::App* AddRestoreCommand(CLI::App& app, RestoreOptions& options) {
  CLI::App* command =
      app.add_subcommand("restore",
                         "put a backup in the place of the database, while grantd does "
                         "not run");
  command->fallthrough();
  command->add_option("--from", options.from, "the backup")->required()->type_name("FILE");
  command->add_option("--reason", options.reason, "what happened, for the audit")
      ->required()
      ->type_name("TEXT");
  return command;
}

Status RunRestore(const std::string& config_path, const RestoreOptions& options) {
  GRANT_TRY(const Config config, LoadConfig(config_path));
  GRANT_TRY(Principal by, UserPrincipal(getuid()));
  GRANT_TRY(Descriptor source, OpenBackup(options.from));
  GRANT_CHECK(BecomeOwnerOf(config.state_dir));
  GRANT_TRY(const Restored restored, Restore({config.state_dir, config.mark_file, std::move(source),
                                              options.from, std::move(by), options.reason, Now()}));
  Tell(restored);
  return {};
}

}  // namespace grant::daemon
