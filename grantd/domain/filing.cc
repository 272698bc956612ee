// Filing a request: what may be asked for, and by whom.
#include <algorithm>
#include <utility>

#include "grantd/domain/request.h"
#include "grantd/domain/text.h"

namespace grant {
namespace {

// Of UTF-8: a byte that goes on with a character is none of its own.
size_t TrimmedCharacters(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::string_view rest = text.substr(first);
  const std::string_view trimmed = rest.substr(0, rest.find_last_not_of(kBlanks) + 1);
  return static_cast<size_t>(std::count_if(trimmed.begin(), trimmed.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

Status CheckLength(const Policy& policy, Duration length) {
  if (policy.max_window && length > *policy.max_window) {
    return Fail(Code::kInvalid,
                "a window of " + FormatDuration(length) + " is longer than policy '" + policy.name +
                    "' allows",
                "ask for at most " + FormatDuration(*policy.max_window));
  }
  return {};
}

Status CheckWindow(const Policy& policy, const Window& window, Time now) {
  if (window.duration) {
    if (window.from || window.until) {
      return Fail(Code::kInvalid, "a window is either a duration or two times, not both",
                  "use --window D, or --from T --until T");
    }
    if (*window.duration < std::chrono::seconds(1)) {
      return Fail(Code::kInvalid, "a window lasts at least 1s", "use a longer --window");
    }
    return CheckLength(policy, *window.duration);
  }
  if (!window.from || !window.until) {
    return Fail(Code::kInvalid, "the request names no complete window",
                "use --window D, or --from T --until T");
  }
  if (*window.until <= *window.from || *window.until <= now) {
    return Fail(Code::kInvalid,
                "the window ends at " + FormatTime(*window.until) + ", before it can be used",
                "let --until be later than --from and than now");
  }
  if (*window.from - now > kLeadMax) {
    return Fail(Code::kInvalid,
                "the window begins at " + FormatTime(*window.from) + ", more than " +
                    FormatDuration(kLeadMax) + " ahead",
                "ask again when it is nearer");
  }
  return CheckLength(policy, *window.until - *window.from);
}

Status CheckSignings(const Policy& policy, uint32_t signings) {
  const uint32_t most = std::min(policy.max_signings.value_or(kSigningsMax), kSigningsMax);
  if (signings >= 1 && signings <= most) return {};
  return Fail(
      Code::kInvalid,
      std::to_string(signings) + " signatures are not what policy '" + policy.name + "' allows",
      "ask for --signings 1 to " + std::to_string(most));
}
// Whoever could never sign under these scopes would only find out after the approval.
Status CheckScopes(const Wish& wish, const Principal& requester) {
  if (wish.scopes.size() > kScopesMax) {
    return Fail(Code::kTooLarge,
                "a request names at most " + std::to_string(kScopesMax) + " scopes",
                "file several requests");
  }
  std::vector<Scope> users = wish.scopes;
  std::erase_if(users, [](const Scope& scope) { return scope.key != ScopeKey::kUser; });
  if (!wish.with_secret && !Allow(users, requester, "")) {
    return Fail(Code::kInvalid,
                "the scopes leave out " + requester.text() + ", who alone could use the grant",
                "add --secret, so that another user can, or --scope user=" + requester.text());
  }
  return {};
}

// Each once, those of the files after the others.
std::vector<Digest> ContentOf(const Wish& wish) {
  std::vector<Digest> content;
  const auto add = [&content](const Digest& digest) {
    if (std::find(content.begin(), content.end(), digest) == content.end()) {
      content.push_back(digest);
    }
  };
  for (const Digest& digest : wish.digests) add(digest);
  for (const NamedFile& file : wish.files) add(file.digest);
  return content;
}

Status CheckContent(const Wish& wish) {
  if (wish.digests.size() > kDigestsMax || wish.files.size() > kDigestsMax ||
      ContentOf(wish).size() > kDigestsMax) {
    return Fail(Code::kTooLarge,
                "a request names at most " + std::to_string(kDigestsMax) + " digests",
                "file several requests");
  }
  return {};
}

}  // namespace

Result<Request> FileRequest(const Wish& wish, const Rules& rules, const Identity& requester,
                            Time now, std::string id) {
  const Signer* signer = rules.FindSigner(wish.signer);
  if (signer == nullptr) {
    return Fail(Code::kNotFound, "there is no signer '" + wish.signer + "'",
                "grantctl signer list");
  }
  if (!rules.Covers(signer->users, requester.AsPerson())) {
    return Fail(Code::kForbidden,
                requester.principal.text() + " is not a user of signer '" + signer->name + "'",
                "ask an administrator to add you to its users");
  }
  const Policy* policy = rules.FindPolicy(signer->policy);
  if (policy == nullptr) {
    return Fail(Code::kInvalid,
                "signer '" + signer->name + "' has no policy, so no request is needed",
                "sign at once");
  }
  if (!rules.MayRequest(*signer, requester)) {
    const bool of_policy =
        signer->requesters.empty() || rules.Covers(signer->requesters, requester);
    return Fail(Code::kForbidden,
                requester.principal.text() + " is not a requester of " +
                    (of_policy ? "policy '" + policy->name : "signer '" + signer->name) + "'",
                "ask an administrator to add you to its requesters");
  }
  GRANT_CHECK(CheckWindow(*policy, wish.window, now));
  GRANT_CHECK(CheckSignings(*policy, wish.signings));
  GRANT_CHECK(CheckText(wish.justification, kJustificationBytesMax, "the justification"));
  if (IsBlank(wish.justification)) {
    return Fail(Code::kInvalid, "a request needs a justification", "add --reason TEXT");
  }
  if (TrimmedCharacters(wish.justification) < policy->min_justification) {
    return Fail(Code::kInvalid,
                "the justification is shorter than policy '" + policy->name + "' wants",
                "say more: --reason TEXT with at least " +
                    std::to_string(policy->min_justification) + " characters");
  }
  GRANT_CHECK(CheckContent(wish));
  GRANT_CHECK(CheckScopes(wish, requester.principal));

  Request request;
  request.id = std::move(id);
  request.signer = signer->name;
  request.requester = requester.principal;
  request.requester_uid = requester.uid;
  request.created_at = now;
  request.expires_at = now + policy->max_request_ttl;
  if (wish.window.until) request.expires_at = std::min(request.expires_at, *wish.window.until);
  request.window = wish.window;
  request.signings = wish.signings;
  request.justification = wish.justification;
  request.digests = ContentOf(wish);
  for (const NamedFile& file : wish.files) {
    request.files.push_back({ShownFileName(file.name), file.digest});
  }
  request.scopes = wish.scopes;
  request.policy = *policy;
  return request;
}

}  // namespace grant
