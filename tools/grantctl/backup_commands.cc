// backup and restore.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <system_error>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/file_digest.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

// More than grantd takes before it gives a backup up.
constexpr std::chrono::minutes kBackupTimeout{15};

struct RestoreOptions {
  std::string file;
  std::string config = "/etc/grantd/grantd.toml";
  std::string reason;
  bool yes = false;
};

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Failure> CannotCopy(const std::string& path, const std::string& hint) {
  return Failed(Exit::kFailed,
                fmt::format("cannot copy to {}: {}", path, std::generic_category().message(errno)),
                hint);
}

Outcome<void> CopyContent(int from, int to, const std::string& path) {
  std::array<char, 65536> part{};
  for (ssize_t got = 1; got > 0;) {
    got = read(from, part.data(), part.size());
    if (got < 0) return CannotCopy(path, {});
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = write(to, part.data() + done, static_cast<size_t>(got - done));
      if (written < 0) return CannotCopy(path, "see that the disk has room");
      done += written;
    }
  }
  if (fsync(to) != 0) return CannotCopy(path, {});
  return {};
}

// The copy is the caller's and nobody else's, and what grantd made, byte for byte.
Outcome<void> CopyBackup(const std::string& from, const std::string& to,
                         const std::string& sha256) {
  const File source(from, O_RDONLY | O_NOFOLLOW);
  if (source.get() < 0) {
    return Failed(Exit::kFailed,
                  fmt::format("the backup was made, but {} cannot be read: {}", from,
                              std::generic_category().message(errno)),
                  "only root and grantd's user may read it: run this as root");
  }
  const File target(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (target.get() < 0) {
    return CannotCopy(to, fmt::format("the backup is {}; name a file that is not there", from));
  }
  GRANT_CHECK(CopyContent(source.get(), target.get(), to));
  GRANT_TRY(const std::string digest, Sha256OfFile(to));
  if (digest == "sha256:" + sha256) return {};
  unlink(to.c_str());
  return Failed(Exit::kFailed, fmt::format("{} is not what grantd made", from),
                "make another backup");
}

Outcome<Exit> Backup(Context& context, const std::string& to) {
  GRANT_TRY(Json backup, context.client.PostSlowly("/v1/backups", Json::object(), kBackupTimeout));
  if (!to.empty()) {
    GRANT_CHECK(CopyBackup(Text(backup, "path"), to, Text(backup, "sha256")));
    backup["copied_to"] = to;
  }
  PrintObject(context, backup, to.empty() ? "path" : "copied_to", [&] {
    return fmt::format("backup of {} entries of the audit, {} bytes: {}\n",
                       Number(backup, "entries"), Number(backup, "bytes"),
                       Sanitise(Text(backup, to.empty() ? "path" : "copied_to")));
  });
  return Exit::kOk;
}

// Installed together with grantctl, whatever the prefix; in a build beside it.
std::string GrantdProgram() {
  std::array<char, PATH_MAX> self{};
  const ssize_t length = readlink("/proc/self/exe", self.data(), self.size());
  std::string folder(self.data(), length > 0 ? static_cast<size_t>(length) : 0);
  folder.erase(folder.rfind('/') == std::string::npos ? 0 : folder.rfind('/'));
  for (const std::string& candidate : {folder + "/grantd", folder + "/../sbin/grantd"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "grantd";
}

Outcome<Exit> Restore(Context& context, const RestoreOptions& options) {
  const bool may_ask = context.around.in_is_terminal && context.around.err_is_terminal;
  if (!options.yes && !may_ask) {
    return Failed(Exit::kUsage, "nobody is at a terminal to be asked",
                  "--yes restores without asking");
  }
  if (context.client.Get("/v1/health")) {
    return Failed(Exit::kRefused, "grantd runs, and a database is not replaced under it",
                  "stop it and its sockets first: systemctl stop grantd.service grantd-api.socket "
                  "grantd-gate.socket");
  }
  Note(context,
       "what was signed, decided and revoked since the backup will not be known any more; no grant "
       "and no request of the backup will be of use");
  if (!options.yes && !Ask(context.around.in, context.around.err,
                           fmt::format("restore {}?", Sanitise(options.file)))) {
    return Failed(Exit::kFailed, "nothing was restored");
  }
  GRANT_TRY(const int exit,
            context.around.run({GrantdProgram(), "restore", "--config", options.config, "--from",
                                options.file, "--reason", options.reason},
                               {}));
  return exit == 0 ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void AddBackupCommands(CLI::App& app, Command& chosen) {
  auto to = std::make_shared<std::string>();
  CLI::App* backup = app.add_subcommand("backup", "have grantd copy its database, while it serves");
  backup->add_option("--to", *to, "also copy it to this file, which must not be there")
      ->type_name("FILE");
  backup->callback(
      [to, &chosen] { chosen = [to](Context& context) { return Backup(context, *to); }; });

  auto options = std::make_shared<RestoreOptions>();
  CLI::App* restore =
      app.add_subcommand("restore", "put a backup in the place of the database; grantd is stopped");
  restore->add_option("backup", options->file, "the file")->required()->type_name("FILE");
  restore->add_option("--config", options->config, "grantd's configuration")
      ->type_name("FILE")
      ->capture_default_str();
  restore->add_option("--reason", options->reason, "what happened, for the audit")
      ->required()
      ->type_name("TEXT");
  restore->add_flag("--yes", options->yes, "do not ask");
  restore->callback([options, &chosen] {
    chosen = [options](Context& context) { return Restore(context, *options); };
  });
}

}  // namespace grant::ctl
