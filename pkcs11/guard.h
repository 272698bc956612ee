// What every C_* function does around its body: finding library and session, logging, telling the
// person, catching exceptions, and turning the outcome into the CK_RV.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include "pkcs11/error.h"
#include "pkcs11/library.h"

namespace grant::pkcs11 {

// While it stands, the thread cannot be cancelled: a cancellation would unwind through the module's
// own C++ runtime, which the host's does not know. Every call to grantd has a deadline, so it is
// only put off; what a backing module does in the wrap placement takes as long as it takes.
class NoCancellation {
 public:
  NoCancellation();
  ~NoCancellation();
  NoCancellation(const NoCancellation&) = delete;
  NoCancellation& operator=(const NoCancellation&) = delete;

 private:
  int before_ = 0;
};

// Logs the call where there is a library to log to, and gives its CK_RV.
CK_RV Conclude(const char* function, const Library* library, const Status& status);

// Runs `body(library)`, where `library` is null if none is running.
template <typename Body>
CK_RV Guard(const char* function, Body body) noexcept {
  NoCancellation no_cancellation;
  try {
    Result<std::shared_ptr<Library>> running = Library::Running();
    const std::shared_ptr<Library> library = running ? *std::move(running) : nullptr;
    return Conclude(function, library.get(), body(library.get()));
  } catch (const std::bad_alloc&) {
    return CKR_HOST_MEMORY;
  } catch (...) {
    return CKR_GENERAL_ERROR;
  }
}

// A function's name as a template argument.
template <size_t N>
struct FunctionName {
  char text[N];
  // NOLINTNEXTLINE(google-explicit-constructor): it is written as a plain literal
  constexpr FunctionName(const char (&name)[N]) { std::copy_n(name, N, text); }
};

// What the broker does for a function that has the same answer for every open session.
template <CK_RV kRv>
struct Always {};

// Calls a body of the broker placement. What the body asks for first says when it may be called:
// the Broker, after C_Initialize; a Session, with the handle of an open one.
template <typename... Parameters, typename... Arguments>
Status InBroker(Status (*body)(Broker&, Parameters...), Broker& broker, Arguments... arguments) {
  return body(broker, arguments...);
}

template <typename... Parameters, typename... Arguments>
Status InBroker(Status (*body)(Session&, Parameters...), Broker& broker, CK_SESSION_HANDLE handle,
                Arguments... arguments) {
  GRANT_TRY(const SessionRef session, broker.sessions.Find(handle));
  return body(*session, arguments...);
}

template <CK_RV kRv, typename... Arguments>
Status InBroker(Always<kRv>, Broker& broker, CK_SESSION_HANDLE handle, Arguments...) {
  GRANT_CHECK(broker.sessions.Find(handle));
  return Fail(kRv);
}

template <auto kBody, typename... Arguments>
Status InWrap(wrap::Wrap& wrap, Arguments... arguments) {
  if constexpr (wrap::kKeepsHandles<kBody>) return kBody(wrap, arguments...);
  const wrap::KnownKeys::Change change(wrap.known_keys);
  return kBody(wrap, arguments...);
}

// The C function around its bodies in the two placements; `signature` only gives its type.
template <FunctionName kName, auto kInBroker, auto kInWrap, typename... Arguments>
constexpr auto EntryOf(CK_RV (*CK_FUNCTION_LIST_3_0::* /*signature*/)(Arguments...)) {
  return +[](Arguments... arguments) -> CK_RV {
    return Guard(kName.text, [&](Library* library) -> Status {
      if (library == nullptr) return Fail(CKR_CRYPTOKI_NOT_INITIALIZED);
      if (library->wrap) return InWrap<kInWrap>(*library->wrap, arguments...);
      return InBroker(kInBroker, *library->broker, arguments...);
    });
  };
}

template <FunctionName kName, auto kMember, auto kInBroker, auto kInWrap = wrap::kThrough<kMember>>
inline constexpr auto kEntry = EntryOf<kName, kInBroker, kInWrap>(kMember);

// The C function around a body that may be called at any time.
template <FunctionName kName, auto kBody, typename... Arguments>
constexpr auto AnytimeEntryOf(Status (*)(Arguments...)) {
  return +[](Arguments... arguments) -> CK_RV {
    return Guard(kName.text, [&](Library*) { return kBody(arguments...); });
  };
}

template <FunctionName kName, auto kBody>
inline constexpr auto kAnytimeEntry = AnytimeEntryOf<kName, kBody>(kBody);

}  // namespace grant::pkcs11
