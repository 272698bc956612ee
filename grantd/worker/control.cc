#include "grantd/worker/control.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace grant::worker {
namespace {

// A message that carries one descriptor, and one byte because it has to carry something.
struct Parcel {
  Parcel() {
    part = {&byte, 1};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
  }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  char byte = 0;
  iovec part{};
  msghdr message{};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
};

}  // namespace

bool SendDescriptor(const Descriptor& control, const Descriptor& sent) {
  Parcel parcel;
  cmsghdr* const header = CMSG_FIRSTHDR(&parcel.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = sent.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t done = 0;
  do {
    done = sendmsg(control.get(), &parcel.message, MSG_NOSIGNAL);
  } while (done < 0 && errno == EINTR);
  return done == 1;
}

Descriptor ReceiveDescriptor(const Descriptor& control) {
  Parcel parcel;
  ssize_t got = 0;
  do {
    got = recvmsg(control.get(), &parcel.message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const header = got == 1 ? CMSG_FIRSTHDR(&parcel.message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return Descriptor();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Descriptor(fd);
}

}  // namespace grant::worker
