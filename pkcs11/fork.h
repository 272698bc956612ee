// Notices forks, and does nothing else about them: a child of a process with threads must not touch
// the parent's locks.
#pragma once

namespace grant::pkcs11 {

// How many forks lie between this process and the one that loaded the module.
unsigned ForkGeneration();

}  // namespace grant::pkcs11
