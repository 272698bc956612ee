#include "pkcs11/broker/sessions.h"

#include <algorithm>
#include <utility>

#include "pkcs11/handles.h"

namespace grant::pkcs11 {
namespace {

constexpr size_t kSessionsMax = 65536;

}  // namespace

Result<ObjectRef> Session::FindKey(CK_OBJECT_HANDLE key) const {
  Result<ObjectRef> found = token->objects.Find(key);
  if (!found) return Fail(CKR_KEY_HANDLE_INVALID);
  return found;
}

Result<CK_SESSION_HANDLE> Sessions::Open(Broker& broker, TokenRef token, bool read_write) {
  auto session = std::make_shared<Session>(broker, std::move(token), read_write);
  std::lock_guard lock(mutex_);
  if (sessions_.size() >= kSessionsMax) return Fail(CKR_SESSION_COUNT);
  const CK_SESSION_HANDLE handle = NewHandle();
  sessions_.emplace(handle, std::move(session));
  return handle;
}

Result<SessionRef> Sessions::Find(CK_SESSION_HANDLE handle) const {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(handle);
  if (found == sessions_.end()) return Fail(CKR_SESSION_HANDLE_INVALID);
  return found->second;
}

Status Sessions::Close(CK_SESSION_HANDLE handle) {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(handle);
  if (found == sessions_.end()) return Fail(CKR_SESSION_HANDLE_INVALID);
  const TokenRef token = found->second->token;
  sessions_.erase(found);
  const bool others = std::ranges::any_of(
      sessions_, [&token](const auto& entry) { return entry.second->token == token; });
  if (!others) token->login.Clear();
  return {};
}

void Sessions::CloseAll(CK_SLOT_ID slot_id) {
  std::lock_guard lock(mutex_);
  std::erase_if(sessions_, [slot_id](const auto& entry) {
    Session& session = *entry.second;
    if (session.token->slot_id != slot_id) return false;
    session.token->login.Clear();
    return true;
  });
}

void Sessions::CloseAll() {
  std::lock_guard lock(mutex_);
  for (const auto& [handle, session] : sessions_) session->token->login.Clear();
  sessions_.clear();
}

Sessions::Counts Sessions::Count(CK_SLOT_ID slot_id) const {
  std::lock_guard lock(mutex_);
  Counts counts;
  for (const auto& [handle, session] : sessions_) {
    if (session->token->slot_id != slot_id) continue;
    ++counts.all;
    if (session->read_write) ++counts.read_write;
  }
  return counts;
}

}  // namespace grant::pkcs11
