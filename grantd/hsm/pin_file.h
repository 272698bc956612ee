// The token PIN: read from its file just before it is used, wiped right after.
#pragma once

#include <string>
#include <string_view>

#include "grant/error.h"
#include "grantd/hsm/secret_buffer.h"

namespace grant {

inline constexpr size_t kPinBytesMax = 255;

// Who may read a file with a secret in it.
enum class SecretFile {
  kPrivate,     // its owner alone
  kCredential,  // one of systemd's, whose access list shows as permissions of the group
};

// The PIN in the file, without the newline at its end: 1 to 255 bytes, no control characters. The
// file is a regular one that belongs to this process's user or to root, and nobody else has any
// permission on it; a symbolic link is not followed. Any thread. Errors: kInvalid for all of it.
// `title` says in errors what the file holds, for other secrets that are kept in the same way.
Result<SecretBuffer> ReadPinFile(const std::string& path, std::string_view title = "PIN",
                                 SecretFile kind = SecretFile::kPrivate);

// Whether these bytes can be a PIN; `name` says in the error where they come from. Errors:
// kInvalid.
Status CheckPin(ByteView pin, const std::string& name);

}  // namespace grant
