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
// own C++ runtime, which the host's does not know. Every call has a deadline, so it is only put
// off.
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

// The C function around a body. What the body asks for first says when it may be called: nothing,
// at any time; the Broker, after C_Initialize; a Session, with the handle of an open one.
template <FunctionName kName, auto kBody, typename... Args>
constexpr auto EntryOf(Status (*)(Args...)) {
  return +[](Args... args) -> CK_RV {
    return Guard(kName.text, [&](Library*) { return kBody(args...); });
  };
}

template <FunctionName kName, auto kBody, typename... Args>
constexpr auto EntryOf(Status (*)(Broker&, Args...)) {
  return +[](Args... args) -> CK_RV {
    return Guard(kName.text, [&](Library* library) -> Status {
      if (library == nullptr) return Fail(CKR_CRYPTOKI_NOT_INITIALIZED);
      return kBody(library->broker, args...);
    });
  };
}

template <FunctionName kName, auto kBody, typename... Args>
constexpr auto EntryOf(Status (*)(Session&, Args...)) {
  return +[](CK_SESSION_HANDLE handle, Args... args) -> CK_RV {
    return Guard(kName.text, [&](Library* library) -> Status {
      if (library == nullptr) return Fail(CKR_CRYPTOKI_NOT_INITIALIZED);
      GRANT_TRY(const SessionRef session, library->broker.sessions.Find(handle));
      return kBody(*session, args...);
    });
  };
}

template <FunctionName kName, auto kBody>
inline constexpr auto kEntry = EntryOf<kName, kBody>(kBody);

}  // namespace grant::pkcs11
