#include "tools/grantctl/wish.h"

#include <filesystem>
#include <system_error>

#include "tools/grantctl/file_digest.h"
#include "tools/grantctl/options.h"

namespace grant::ctl {
namespace {

std::string CheckDigest(const std::string& text) {
  static constexpr std::pair<std::string_view, size_t> kAlgorithms[] = {
      {"sha224:", 56}, {"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
  for (const auto& [name, digits] : kAlgorithms) {
    if (text.starts_with(name) && text.size() == name.size() + digits &&
        text.find_first_not_of("0123456789abcdefABCDEF", name.size()) == std::string::npos) {
      return {};
    }
  }
  return "'" + text + "' is not a digest: write sha256:HEX, or sha224, sha384, sha512";
}

// A program may be written by a path that is yet to be resolved.
std::string CheckScope(const std::string& text) {
  static constexpr std::string_view kUser = "user=";
  static constexpr std::string_view kProgram = "program=";
  if (text.starts_with(kUser) && text.find(':') != std::string::npos) return {};
  std::error_code error;
  if (text.starts_with(kProgram) &&
      (text.starts_with("program=/") ||
       std::filesystem::exists(text.substr(kProgram.size()), error))) {
    return {};
  }
  return "'" + text + "' is not a scope: write user=unix:NAME or program=/PATH";
}

constexpr int64_t kSigningsMax = 1'000'000;

std::string CheckInstant(const std::string& text) {
  if (ParseInstant(text)) return {};
  return "'" + text +
         "' is not a time in RFC 3339: write date, time and zone as in 2026-11-21T22:00:00Z or "
         "2026-11-21T22:00:00+01:00";
}

// grantd compares with the path that the kernel knows an executable by, which has no links in it.
std::string WithoutLinks(Context& context, const std::string& scope) {
  static constexpr std::string_view kProgram = "program=";
  if (!scope.starts_with(kProgram)) return scope;
  const std::string path = scope.substr(kProgram.size());
  std::error_code error;
  const std::string resolved = std::filesystem::canonical(path, error).string();
  if (error || resolved == path) return scope;
  Note(context, path + " is " + resolved + ", which is what grantd will see");
  return std::string(kProgram) + resolved;
}

// Nobody will ever learn the secret of a request whose answer was lost.
Failure WithoutSecret(Failure failure) {
  if (failure.uncertain) {
    failure.hint =
        "it may be filed all the same, and its secret is lost then: grantctl request list --status "
        "open shows it; take it back with grantctl request cancel, and ask again";
  }
  return failure;
}

}  // namespace

void AddTerms(CLI::App* command, Wish& wish) {
  command->add_option("SIGNER", wish.signer, "the signer to sign with")->required();
  command->add_option("--signings", wish.signings, "how many signatures")
      ->required()
      ->check(CountUpTo(kSigningsMax))
      ->type_name("N");
  command->add_option("--digest", wish.digests, "sign only this content: sha256:HEX; repeatable")
      ->allow_extra_args(false)
      ->check(CheckDigest);
  command->add_option("--file", wish.files, "sign only this file; repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--scope", wish.scopes,
                   "only by this user or program: user=unix:NAME, program=/PATH; repeatable")
      ->allow_extra_args(false)
      ->check(CheckScope)
      ->type_name("KEY=VALUE");
}

std::function<void()> AddWindow(CLI::App* command, Wish& wish) {
  auto* window = command->add_option("--window", wish.window, "how long, from its approval on")
                     ->check(CheckSpan)
                     ->type_name("D");
  auto* from = command->add_option("--from", wish.from, "first instant, RFC 3339")
                   ->check(CheckInstant)
                   ->type_name("T")
                   ->excludes(window);
  auto* until = command->add_option("--until", wish.until, "last instant, RFC 3339")
                    ->check(CheckInstant)
                    ->type_name("T")
                    ->excludes(window)
                    ->needs(from);
  from->needs(until);
  return [window, from] {
    if (window->empty() && from->empty()) {
      throw CLI::RequiredError("--window, or --from with --until,");
    }
  };
}

void AddWish(CLI::App* command, Wish& wish) {
  AddTerms(command, wish);
  command->add_option("--reason", wish.reason, "why, for the approvers")->required();
}

Outcome<Json> RequestBody(Context& context, const Wish& wish) {
  Json files = Json::array();
  for (const std::string& file : wish.files) {
    GRANT_TRY(const std::string digest, Sha256OfFile(file));
    files.push_back({{"name", file}, {"digest", digest}});
  }
  Json scopes = Json::array();
  for (const std::string& scope : wish.scopes) scopes.push_back(WithoutLinks(context, scope));
  Json body;
  body["signer"] = wish.signer;
  body["signings"] = wish.signings;
  if (wish.window.empty()) {
    body["window"] = {{"from", wish.from}, {"until", wish.until}};
  } else {
    body["window"] = {{"duration", wish.window}};
  }
  body["justification"] = wish.reason;
  if (!wish.digests.empty()) body["digests"] = wish.digests;
  if (!files.empty()) body["files"] = files;
  if (!scopes.empty()) body["scopes"] = scopes;
  if (wish.secret) body["secret"] = true;
  if (wish.another) body["new"] = true;
  return body;
}

Outcome<Json> AskFor(Context& context, const Wish& wish, std::string& secret) {
  GRANT_TRY(const Json body, RequestBody(context, wish));
  constexpr const char* kRequests = "/v1/requests";
  auto answer = wish.secret ? context.client.PostForSecret(kRequests, body, secret)
                            : context.client.Post(kRequests, body);
  if (!answer) {
    return tl::unexpected<Failure>(wish.secret ? WithoutSecret(std::move(answer).error())
                                               : std::move(answer).error());
  }
  Json request = *std::move(answer);
  if (!Flag(request, "existing")) return request;
  const std::string id = Text(request, "id");
  if (wish.secret) {
    return Failed(Exit::kRefused,
                  "request " + id +
                      " asks for the same and is open already; its secret was shown "
                      "when it was filed and cannot be shown again",
                  "add --new to file another one with a secret of its own");
  }
  Note(context, "request " + id + " asks for the same and is open already; --new files another");
  return request;
}

}  // namespace grant::ctl
