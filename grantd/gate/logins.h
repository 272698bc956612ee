// PINs given to C_Login: which grant one is the secret of.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "grant/gate/protocol.h"
#include "grant/refusal.h"
#include "grantd/domain/decide.h"
#include "grantd/domain/grant.h"
#include "grantd/gate/key_directory.h"
#include "grantd/gate/rules_in_force.h"
#include "grantd/gate/wrong_secrets.h"
#include "grantd/net/unix_socket.h"
#include "grantd/store/store.h"

namespace grant {

// What a secret stands for. Neither where there is none.
struct SecretMeaning {
  std::optional<BySecret> by_secret;
  std::optional<Refusal> refusal;
};

// Any thread may call these.
class Logins {
 public:
  // `groups_of`: from the user database, of holders who are not the caller. It may be slow.
  Logins(Store& store, KeyDirectory& keys, std::function<Time()> clock, GroupLookup groups_of,
         WrongSecretsLimits limits = {});

  // Whether the PIN proves anything: it is empty, or the secret of a grant for a key of the token,
  // whatever became of that grant; or the token accepts any PIN. Wrong ones are counted for each
  // user and recorded until there are too many. A right one is right for a locked user, too: those
  // who share a user cannot stop one another, and nobody guesses 130 random bits.
  tl::expected<gate::LoginAccepted, gate::Refused> Check(const Peer& peer,
                                                         const gate::Login& login);

  // Of the secret that comes with a signature; on a token that accepts any PIN, one that is not
  // known is none. A wrong one counts as a wrong PIN.
  Result<SecretMeaning> MeaningOf(const Peer& peer, const Token& token, const std::string& secret);

 private:
  tl::expected<gate::LoginAccepted, gate::Refused> AcceptFor(Token& token, const Grant& held);
  // `record`: as a refused login.
  Result<Refusal> CountWrong(const Peer& peer, const Token& token, bool record);

  Store& store_;
  KeyDirectory& keys_;
  std::function<Time()> clock_;
  GroupLookup groups_of_;
  RulesInForce rules_;
  WrongSecrets wrong_;
};

}  // namespace grant
