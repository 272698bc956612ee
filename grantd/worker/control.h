// How grantd hands a worker the sockets of its channels.
#pragma once

#include "grantd/descriptor.h"

namespace grant::worker {

// The worker's end of the control socket.
inline constexpr int kControlDescriptor = 3;
// The one argument that there is.
inline constexpr const char* kWithoutSeccomp = "--without-seccomp";

// False where the peer is gone.
bool SendDescriptor(const Descriptor& control, const Descriptor& sent);
// Waits for one; none where the peer is gone or says something else.
Descriptor ReceiveDescriptor(const Descriptor& control);

}  // namespace grant::worker
