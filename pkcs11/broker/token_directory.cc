#include "pkcs11/broker/token_directory.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pkcs11/refusal_rv.h"

namespace grant::pkcs11 {
namespace {

TokenRef Placeholder(GateClient& gate) {
  gate::TokenRecord record;
  record.slot_description = "no grantd at " + gate.config().gate;
  record.slot_manufacturer = "grantd";
  return std::make_shared<Token>(gate, std::move(record));
}

bool EachHasItsOwnSlot(const gate::Tokens& answer) {
  std::set<uint64_t> slots;
  return std::ranges::all_of(answer.tokens, [&slots](const gate::TokenRecord& record) {
    return slots.insert(record.slot_id).second;
  });
}

}  // namespace

TokenDirectory::TokenDirectory(GateClient& gate) : gate_(gate), tokens_{Placeholder(gate)} {}

Result<std::vector<TokenRef>> TokenDirectory::Refresh() {
  Result<gate::Tokens> answer = gate_.AskSafely([this](Lease& lease) {
    return gate_.Ask<gate::Tokens>(lease, gate::GetTokens{}, gate_.config().list_timeout());
  });
  if (answer && !EachHasItsOwnSlot(*answer)) {
    return tl::unexpected<Error>(FromBadAnswer(
        {Code::kInvalid, "two of its tokens are in the same slot", {}}, gate_.config().gate));
  }
  if (answer) {
    Adopt(*std::move(answer));
  } else if (answer.error().rv == CKR_DEVICE_REMOVED) {
    for (const TokenRef& token : known()) token->SetAbsent();
  } else {
    return tl::make_unexpected(std::move(answer).error());
  }
  return known();
}

void TokenDirectory::Adopt(gate::Tokens answer) {
  std::lock_guard lock(mutex_);
  if (!std::exchange(met_, true)) tokens_.clear();
  std::set<CK_SLOT_ID> named;
  for (gate::TokenRecord& record : answer.tokens) {
    named.insert(record.slot_id);
    auto found = std::ranges::find(tokens_, record.slot_id, &Token::slot_id);
    if (found == tokens_.end()) {
      tokens_.push_back(std::make_shared<Token>(gate_, std::move(record)));
    } else if ((*found)->name != record.name) {
      // Another token: what was known about the one before must not be taken for its own.
      *found = std::make_shared<Token>(gate_, std::move(record));
    } else {
      (*found)->SetRecord(std::move(record));
    }
  }
  for (const TokenRef& token : tokens_) {
    if (!named.contains(token->slot_id)) token->SetAbsent();
  }
}

Result<TokenRef> TokenDirectory::Slot(CK_SLOT_ID slot_id) {
  GRANT_TRY(std::vector<TokenRef> tokens, Refresh());
  auto found = std::ranges::find(tokens, slot_id, &Token::slot_id);
  if (found == tokens.end()) return Fail(CKR_SLOT_ID_INVALID);
  return *found;
}

Result<TokenRef> TokenDirectory::PresentToken(CK_SLOT_ID slot_id) {
  GRANT_TRY(TokenRef token, Slot(slot_id));
  if (!token->record()->present) return Fail(CKR_TOKEN_NOT_PRESENT);
  return token;
}

std::vector<TokenRef> TokenDirectory::known() const {
  std::lock_guard lock(mutex_);
  return tokens_;
}

}  // namespace grant::pkcs11
