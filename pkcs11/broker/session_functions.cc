// Sessions and logins (PKCS #11 v2.40, 5.6).
#include "grant/grant_secret.h"
#include "pkcs11/broker/functions.h"
#include "pkcs11/broker/login.h"

namespace grant::pkcs11::broker {
namespace {

Status CheckPin(Session& session, std::string_view pin) {
  gate::Login login{session.token->name, std::string(pin)};
  WipeAtEnd wipe(login.pin);
  GateClient& gate = session.broker.gate;
  GRANT_TRY(Lease lease, gate.Acquire());
  auto accepted = gate.Ask<gate::LoginAccepted>(lease, login, gate.config().sign_timeout);
  gate.Release(std::move(lease));
  if (!accepted) return tl::make_unexpected(std::move(accepted).error());
  return {};
}

}  // namespace

// A read/write session is opened, although the token is write-protected: what it would write is
// refused call by call. pkcs11-tool, libp11 and p11tool sign in read-only sessions, but crypto11,
// and with it cosign, opens read/write ones for everything.
Status OpenSession(Broker& broker, CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR, CK_NOTIFY,
                   CK_SESSION_HANDLE_PTR handle) {
  if (handle == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  if ((flags & CKF_SERIAL_SESSION) == 0) return Fail(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
  GRANT_TRY(TokenRef token, broker.directory.PresentToken(slot));
  GRANT_TRY(*handle, broker.sessions.Open(broker, std::move(token), (flags & CKF_RW_SESSION) != 0));
  return {};
}

Status CloseSession(Broker& broker, CK_SESSION_HANDLE handle) {
  return broker.sessions.Close(handle);
}

// Local, unlike the other calls about slots: a host that cleans up should not have to wait.
Status CloseAllSessions(Broker& broker, CK_SLOT_ID slot) {
  bool known = false;
  for (const TokenRef& token : broker.directory.known()) known |= token->slot_id == slot;
  if (!known) return Fail(CKR_SLOT_ID_INVALID);
  broker.sessions.CloseAll(slot);
  return {};
}

Status GetSessionInfo(Session& session, CK_SESSION_INFO_PTR info) {
  if (info == nullptr) return Fail(CKR_ARGUMENTS_BAD);
  const bool user = session.token->login.logged_in();
  info->slotID = session.token->slot_id;
  info->flags = CKF_SERIAL_SESSION;
  info->ulDeviceError = 0;
  if (session.read_write) {
    info->flags |= CKF_RW_SESSION;
    info->state = user ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION;
  } else {
    info->state = user ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
  }
  return {};
}

// Who the caller is, the kernel tells grantd; so a login without a PIN is always right, and one
// with a PIN is right where the PIN is a grant secret.
Status LogIn(Session& session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes) {
  if (user == CKU_SO) {
    return Refuse(CKR_USER_TYPE_INVALID,
                  "the security officer of the token logs in to grantd's token",
                  "administer the token with its own tools, as grantd's user");
  }
  if (user != CKU_USER && user != CKU_CONTEXT_SPECIFIC) return Fail(CKR_USER_TYPE_INVALID);
  if (user == CKU_CONTEXT_SPECIFIC && !session.signing.active()) {
    return Fail(CKR_OPERATION_NOT_INITIALIZED);
  }
  Login& login = session.token->login;
  if (user == CKU_USER && login.logged_in()) return Fail(CKR_USER_ALREADY_LOGGED_IN);
  std::string_view text;
  if (pin != nullptr) text = {reinterpret_cast<const char*>(pin), pin_bytes};
  // Where any PIN passes, one that cannot be a grant secret is nobody's business.
  const bool secret = text.starts_with(kGrantSecretPrefix);
  if (session.token->record()->accept_any_pin && !secret) text = {};
  if (text.size() > kPinBytesMax) return Fail(CKR_PIN_LEN_RANGE);
  if (!text.empty()) GRANT_CHECK(CheckPin(session, text));
  if (login.Set(text)) return {};
  if (user == CKU_USER) return Fail(CKR_USER_ALREADY_LOGGED_IN);
  if (!text.empty()) login.Replace(text);
  return {};
}

// A user with a name is not known to a token of version 2.40, which most are.
Status LoginUser(Session& session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_bytes,
                 CK_UTF8CHAR_PTR user_name, CK_ULONG user_name_bytes) {
  if (user_name == nullptr && user_name_bytes != 0) return Fail(CKR_ARGUMENTS_BAD);
  if (user_name_bytes != 0) {
    return Refuse(CKR_USER_TYPE_INVALID, "the token has no users with names",
                  "log in without a user name: grantd knows you by your user");
  }
  return LogIn(session, user, pin, pin_bytes);
}

Status LogOut(Session& session) {
  if (!session.token->login.Clear()) return Fail(CKR_USER_NOT_LOGGED_IN);
  return {};
}

Status InitPin(Session&, CK_UTF8CHAR_PTR, CK_ULONG) {
  return Fail(CKR_TOKEN_WRITE_PROTECTED);
}

Status SetPin(Session&, CK_UTF8CHAR_PTR, CK_ULONG, CK_UTF8CHAR_PTR, CK_ULONG) {
  return Fail(CKR_TOKEN_WRITE_PROTECTED);
}

}  // namespace grant::pkcs11::broker
