// Sessions, logins and their states.
#include "tests/conformance/report.h"

namespace grant::conformance {
namespace {

constexpr CK_SESSION_HANDLE kNoSession = 0x7fffffff;

void State(const Host& host, CK_SESSION_HANDLE session, const char* which) {
  CK_SESSION_INFO info{};
  const CK_RV rv = host.p11->C_GetSessionInfo(session, &info);
  host.report("C_GetSessionInfo", which, rv,
              "state " + std::to_string(info.state) + ", flags " + std::to_string(info.flags));
}

void Opening(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  CK_SESSION_HANDLE session = 0;
  host.report("C_OpenSession", "not serial",
              p11->C_OpenSession(host.slot, 0, nullptr, nullptr, &session));
  host.report("C_OpenSession", "no such slot",
              p11->C_OpenSession(kNoSession, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
  host.report("C_OpenSession", "no place for the handle",
              p11->C_OpenSession(host.slot, CKF_SERIAL_SESSION, nullptr, nullptr, nullptr));
  host.report("C_OpenSession", "read-only",
              p11->C_OpenSession(host.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session));
  State(host, session, "read-only");
  host.report("C_GetSessionInfo", "no place", p11->C_GetSessionInfo(session, nullptr));
  host.report("C_CloseSession", "", p11->C_CloseSession(session));
  host.report("C_CloseSession", "twice", p11->C_CloseSession(session));
  State(host, session, "closed");
  host.report("C_CloseAllSessions", "no such slot", p11->C_CloseAllSessions(kNoSession));
  host.report("C_CloseAllSessions", "none open", p11->C_CloseAllSessions(host.slot));
}

void Logins(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE reader = host.OpenSession(0);
  const CK_SESSION_HANDLE writer = host.OpenSession();
  State(host, writer, "read/write");
  host.report("C_Logout", "not logged in", p11->C_Logout(writer));
  host.report("C_Login", "no such session", host.LogIn(kNoSession, CKU_USER, host.pin));
  host.report("C_Login", "no such user", host.LogIn(writer, 77, host.pin));
  host.report("C_Login", "wrong PIN", host.LogIn(writer, CKU_USER, "not-the-pin"));
  host.report("C_Login", "no PIN", p11->C_Login(writer, CKU_USER, nullptr, 0));
  host.report("C_Login", "security officer beside a read-only session",
              host.LogIn(writer, CKU_SO, "not-the-pin"));
  host.report("C_Login", "context-specific without an operation",
              host.LogIn(writer, CKU_CONTEXT_SPECIFIC, host.pin));
  host.report("C_Login", "user", host.LogIn(reader, CKU_USER, host.pin));
  State(host, reader, "read-only, logged in");
  State(host, writer, "read/write, logged in");
  host.report("C_Login", "user, twice", host.LogIn(writer, CKU_USER, host.pin));
  host.report("C_Login", "security officer after the user",
              host.LogIn(writer, CKU_SO, "not-the-pin"));
  const CK_SESSION_HANDLE later = host.OpenSession();
  State(host, later, "opened later");
  host.report("C_Logout", "", p11->C_Logout(later));
  State(host, writer, "logged out");
  host.report("C_Logout", "twice", p11->C_Logout(writer));
}

void OperationStates(const Host& host) {
  CK_FUNCTION_LIST* const p11 = host.p11;
  const CK_SESSION_HANDLE session = host.OpenSession();
  CK_ULONG bytes = 0;
  CK_BYTE state[64] = {};
  host.report("C_GetOperationState", "for the size",
              p11->C_GetOperationState(session, nullptr, &bytes));
  host.report("C_SetOperationState", "of nothing",
              p11->C_SetOperationState(session, state, sizeof state, 0, 0));
  host.report("C_GetFunctionStatus", "", p11->C_GetFunctionStatus(session));
  host.report("C_CancelFunction", "", p11->C_CancelFunction(session));
}

}  // namespace

void Sessions(const Host& host) {
  Opening(host);
  Logins(host);
  OperationStates(host);
}

}  // namespace grant::conformance
