#include "grantd/gate/logins.h"

#include <nlohmann/json.hpp>

#include "grantd/domain/audit.h"
#include "grantd/domain/grant_secret.h"
#include "grantd/gate/refused.h"

namespace grant {
namespace {

// What a PIN is the secret of. A request is named only as long as it has led to no grant.
struct Found {
  std::optional<Grant> grant;
  std::optional<Request> request;
};

Result<Found> Find(Store& store, const std::string& pin) {
  Found found;
  if (!HasFormOfGrantSecret(pin)) return found;
  const std::string hash = HashOfGrantSecret(pin);
  GRANT_CHECK(store.Read([&](Tables& tables) -> Status {
    GRANT_TRY(found.grant, tables.FindGrantBySecret(hash));
    if (found.grant) return {};
    GRANT_TRY(found.request, tables.FindRequestBySecret(hash));
    return {};
  }));
  return found;
}

Refusal WithoutGrant(const Request& request, Time now) {
  const bool open = request.status == RequestStatus::kOpen && !IsOverdue(request, now);
  const RequestStatus status =
      request.status == RequestStatus::kOpen ? RequestStatus::kExpired : request.status;
  return {Cause::kWrongSecret,
          "request " + request.id +
              (open ? " is not approved yet"
                    : std::string(" is ") + Name(status) + ", so its secret is of no grant"),
          "grantctl request show " + request.id,
          {}};
}

Refusal Wrong(const Token& token) {
  return {Cause::kWrongSecret,
          "the PIN given for token " + token.settings().name + " is not the secret of a grant",
          "leave the PIN empty: grantd knows you by your user. For scripts that cannot, an "
          "administrator sets accept_any_pin = true on the token",
          {}};
}

Refusal TooMany(const Peer& peer, Time until) {
  return {Cause::kTooManySecrets,
          peer.identity.principal.text() + " gave too many wrong PINs",
          "PINs are looked at again from " + FormatTime(until) + " on; an empty one always passes",
          {}};
}

AuditEvent LoginEvent(std::string_view event, const Peer& peer, const Token& token, Time now,
                      const Refusal& refusal) {
  const nlohmann::json detail = {{"cause", CauseName(refusal.cause)},
                                 {"message", refusal.message},
                                 {"hint", refusal.hint},
                                 {"token", token.settings().name},
                                 {"uid", peer.uid},
                                 {"pid", peer.pid},
                                 {"program", peer.program}};
  return {now,
          std::string(event),
          peer.identity.principal,
          token.settings().name,
          "",
          detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace

Logins::Logins(Store& store, KeyDirectory& keys, std::function<Time()> clock, GroupLookup groups_of,
               WrongSecretsLimits limits)
    : store_(store),
      keys_(keys),
      clock_(std::move(clock)),
      groups_of_(std::move(groups_of)),
      wrong_(limits) {}

tl::expected<gate::LoginAccepted, gate::Refused> Logins::Check(const Peer& peer,
                                                               const gate::Login& login) {
  Token* token = keys_.FindToken(login.token);
  if (token == nullptr) return tl::unexpected(NoSuchToken(login.token));
  if (login.pin.empty()) return gate::LoginAccepted{};
  const bool accept_any = token->settings().accept_any_pin;
  const auto found = Find(store_, login.pin);
  if (!found) return tl::unexpected(StoreFailing(found.error()));
  if (found->request) return tl::unexpected(ToRefused(WithoutGrant(*found->request, clock_())));
  if (accept_any) return gate::LoginAccepted{};
  if (found->grant) return AcceptFor(*token, *found->grant);
  const auto refusal = CountWrong(peer, *token, true);
  return tl::unexpected(refusal ? ToRefused(*refusal) : StoreFailing(refusal.error()));
}

// A tool that looks for its token by trying a PIN on each must not be let in to the wrong one.
tl::expected<gate::LoginAccepted, gate::Refused> Logins::AcceptFor(Token& token,
                                                                   const Grant& held) {
  const auto rules = rules_.Get(store_);
  if (!rules) return tl::unexpected(StoreFailing(rules.error()));
  const auto governs = keys_.Governs(token, held.signer, **rules);
  if (!governs) return tl::unexpected(TokenUnavailable(governs.error()));
  if (*governs) return gate::LoginAccepted{};
  return tl::unexpected(
      ToRefused({Cause::kWrongSecret,
                 "the secret given as the PIN is of grant " + held.id + " for signer " +
                     held.signer + ", which has no key on token " + token.settings().name,
                 "log in to the token that has it: grantctl signer show " + held.signer, held.id}));
}

Result<Refusal> Logins::CountWrong(const Peer& peer, const Token& token, bool record) {
  const Time now = clock_();
  const WrongSecrets::Counted counted = wrong_.Count(peer.uid, now);
  const Refusal too_many = TooMany(peer, wrong_.LockedUntil(peer.uid, now).value_or(now));
  if (counted == WrongSecrets::Counted::kLocked) return too_many;
  const bool locks = counted == WrongSecrets::Counted::kLocks;
  Refusal refusal = Wrong(token);
  if (locks) refusal.hint = "that was one too many: " + too_many.hint;
  if (!record && !locks) return refusal;
  GRANT_CHECK(store_.Write([&](Tables& tables) -> Status {
    if (record) {
      GRANT_CHECK(tables.AppendAudit(LoginEvent(event::kLoginRefused, peer, token, now, refusal)));
    }
    if (locks) {
      GRANT_CHECK(tables.AppendAudit(LoginEvent(event::kLoginLocked, peer, token, now, too_many)));
    }
    return {};
  }));
  return refusal;
}

Result<SecretMeaning> Logins::MeaningOf(const Peer& peer, const Token& token,
                                        const std::string& secret) {
  SecretMeaning meaning;
  if (secret.empty()) return meaning;
  GRANT_TRY(const Found found, Find(store_, secret));
  if (found.grant) {
    // What the kernel says of this very connection goes before what the user database says.
    const Principal& holder = found.grant->holder;
    Identity known = peer.identity;
    if (!IsHolder(*found.grant, known)) {
      GRANT_TRY(auto groups, groups_of_(holder));
      known = {holder, std::move(groups)};
    }
    meaning.by_secret = {found.grant->id, std::move(known)};
  } else if (found.request) {
    meaning.refusal = WithoutGrant(*found.request, clock_());
  } else if (!token.settings().accept_any_pin) {
    // The refused signature is recorded by whoever asks.
    GRANT_TRY(meaning.refusal, CountWrong(peer, token, false));
  }
  return meaning;
}

}  // namespace grant
