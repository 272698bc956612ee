// One call to a worker, from grantd's side of the channel.
#pragma once

#include "grantd/hsm/pin_desk.h"
#include "grantd/worker/channel.h"

namespace grant {

// Why there is no answer. The worker is of no more use then.
struct NoAnswer {
  worker::Trouble trouble;
  bool sent;  // false: the request did not go out, so nothing can have been done
};

// Sends a request.
tl::expected<void, NoAnswer> Ask(worker::Channel& channel, worker::MessageType request,
                                 ByteView body);

// Waits for what answers it. Meanwhile the worker gets the PIN from the desk where it asks for it.
// The frame is valid until the channel is next used.
tl::expected<worker::Frame, NoAnswer> AwaitAnswer(worker::Channel& channel, size_t answer_bytes_max,
                                                  PinDesk& pins);

// Both.
tl::expected<worker::Frame, NoAnswer> Exchange(worker::Channel& channel,
                                               worker::MessageType request, ByteView body,
                                               size_t answer_bytes_max, PinDesk& pins);

// "its process died"; `limit` is the channel's time limit.
std::string Describe(worker::Trouble trouble, std::chrono::milliseconds limit);

}  // namespace grant
