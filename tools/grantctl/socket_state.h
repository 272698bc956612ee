// A Unix socket as a user finds it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace grant::ctl {

struct SocketState {
  std::string error;  // why nobody can be reached there; empty where somebody can
  uid_t owner = 0;    // of the socket's file
  mode_t mode = 0;
  uid_t server = 0;  // who listens, as the kernel says
  std::string
      open_directory;  // of those above it, one in which others can put another in its place
};

// Connects to it, and looks at the file and the directories above it. `path` is absolute.
SocketState LookAtSocket(const std::string& path);

// "grantd (uid 995)", or "uid 995" where the user database has no name.
std::string UserText(uid_t uid);

}  // namespace grant::ctl
