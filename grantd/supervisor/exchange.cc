#include "grantd/supervisor/exchange.h"

#include <fmt/format.h>

#include "grant/wipe.h"

namespace grant {
namespace {

using worker::Channel;
using worker::MessageType;
using worker::Trouble;

tl::expected<CK_RV, Trouble> HandOverPin(Channel& channel, std::span<const uint8_t> pin) {
  worker::PinGiven given{{pin.begin(), pin.end()}};
  Bytes body = Encode(given);
  const WipeAtEnd wipe_given(given.pin);
  const WipeAtEnd wipe_body(body);
  GRANT_CHECK(channel.Send(MessageType::kPinGiven, body));
  GRANT_TRY(const auto frame, channel.Receive(worker::kShortBytesMax));
  if (frame.type != MessageType::kPinPresented) return tl::make_unexpected(Trouble::kMalformed);
  const auto presented = worker::Decode<worker::PinPresented>(frame.body);
  if (!presented) return tl::make_unexpected(Trouble::kMalformed);
  return presented->rv;
}

tl::expected<void, Trouble> ServePin(Channel& channel, ByteView question, PinDesk& pins) {
  if (!worker::Decode<worker::AskPin>(question)) return tl::make_unexpected(Trouble::kMalformed);
  bool handed_over = false;
  std::optional<Trouble> trouble;
  const auto served = pins.Present([&](std::span<const uint8_t> pin) -> CK_RV {
    handed_over = true;
    const auto rv = HandOverPin(channel, pin);
    if (rv) return *rv;
    trouble = rv.error();
    return CKR_FUNCTION_FAILED;
  });
  if (trouble) return tl::make_unexpected(*trouble);
  // The worker knows what the token said, but not why it gets no PIN.
  if (!handed_over) return channel.Send(worker::ToFailed(served.error()));
  return channel.Send(worker::Done{});
}

}  // namespace

tl::expected<void, NoAnswer> Ask(Channel& channel, MessageType request, ByteView body) {
  return channel.Send(request, body).map_error([](Trouble trouble) {
    return NoAnswer{trouble, false};
  });
}

tl::expected<worker::Frame, NoAnswer> AwaitAnswer(Channel& channel, size_t answer_bytes_max,
                                                  PinDesk& pins) {
  while (true) {
    const auto frame = channel.Receive(answer_bytes_max);
    if (!frame) return tl::make_unexpected(NoAnswer{frame.error(), true});
    if (frame->type != MessageType::kAskPin) return *frame;
    if (const auto served = ServePin(channel, frame->body, pins); !served) {
      return tl::make_unexpected(NoAnswer{served.error(), true});
    }
  }
}

tl::expected<worker::Frame, NoAnswer> Exchange(Channel& channel, MessageType request, ByteView body,
                                               size_t answer_bytes_max, PinDesk& pins) {
  GRANT_CHECK(Ask(channel, request, body));
  return AwaitAnswer(channel, answer_bytes_max, pins);
}

std::string Describe(Trouble trouble, std::chrono::milliseconds limit) {
  switch (trouble) {
    case Trouble::kClosed:
      return "the process that runs the module died";
    case Trouble::kLate:
      return fmt::format("the module did not answer within {} s, so its process was ended",
                         std::chrono::duration<double>(limit).count());
    case Trouble::kMalformed:
      return "the process that runs the module gave a malformed answer, so it was ended";
  }
  return "there is no answer";
}

}  // namespace grant
