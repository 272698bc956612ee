#include <fmt/format.h>

#include <optional>

#include "grant/wipe.h"
#include "tools/grantctl/commands.h"
#include "tools/grantctl/file_digest.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/terminal.h"
#include "tools/grantctl/wait.h"

namespace grant::ctl {
namespace {

const std::string kRequests = "/v1/requests";
constexpr int64_t kSigningsMax = 1'000'000;
constexpr const char* kSecret = "secret";

struct WaitOptions {
  bool wait = false;
  bool no_wait = false;
  std::string timeout;
};

struct Wish {
  std::string signer;
  int64_t signings = 0;
  std::string window;
  std::string from;
  std::string until;
  std::string reason;
  std::vector<std::string> digests;
  std::vector<std::string> files;
  bool secret = false;
  WaitOptions waiting;
};

std::string PathOf(const std::string& id, const std::string& verb = {}) {
  return kRequests + "/" + Escape(id) + verb;
}

std::string CheckInstant(const std::string& text) {
  if (ParseInstant(text)) return {};
  return fmt::format(
      "'{}' is not a time in RFC 3339: write date, time and zone as in 2026-11-21T22:00:00Z or "
      "2026-11-21T22:00:00+01:00",
      text);
}

std::string CheckSpan(const std::string& text) {
  if (ParseSpan(text)) return {};
  return fmt::format("'{}' is not a duration: write it as in 90s, 30m, 2h, 7d or 1h30m", text);
}

Exit PrintRequest(Context& context, const Json& request) {
  PrintObject(context, request, "id",
              [&] { return RequestBlock(request, context.ColourOut(), context.now); });
  return Exit::kOk;
}

// After a decision, people want to know what it led to rather than all of the request again.
Exit PrintStanding(Context& context, const Json& request) {
  PrintObject(context, request, "id", [&] {
    return Sanitise(fmt::format("{} {}", Text(request, "id"), StandingText(request, context.now))) +
           "\n";
  });
  return Exit::kOk;
}

Outcome<Exit> WaitAndPrint(Context& context, Json request, const WaitOptions& options) {
  const auto timeout = options.timeout.empty() ? std::nullopt : ParseSpan(options.timeout);
  // Only the answer to the creation has a secret, so what is printed in the end gets it from there.
  const Json filed = request;
  auto outcome = WaitForDecision(context, std::move(request), timeout);
  if (!outcome) {
    if (filed.contains(kSecret)) PrintRequest(context, filed);
    return tl::make_unexpected(std::move(outcome).error());
  }
  Waited waited = *std::move(outcome);
  if (filed.contains(kSecret)) waited.request[kSecret] = filed[kSecret];
  context.now = context.around.now();
  PrintRequest(context, waited.request);
  if (waited.exit == Exit::kOk) return Exit::kOk;

  const std::string id = Text(waited.request, "id");
  const std::string standing =
      fmt::format("request {} {}", id, StandingText(waited.request, context.now));
  if (waited.exit == Exit::kRefused) return Failed(Exit::kRefused, standing);
  return Failed(Exit::kPending, standing,
                fmt::format("it stays open; go on waiting: grantctl request show {} --wait", id));
}

// People get the secret before anything else, while nothing can have gone wrong yet. JSON has it
// where the API puts it.
void PrintSecret(Context& context, Json& request) {
  if (!context.ForPeople() || !request.contains(kSecret)) return;
  context.around.out << "Secret  " << Sanitise(Text(request, kSecret)) << "\n"
                     << "        shown only this once; once the request is approved, it is used "
                        "as the PIN\n"
                     << std::flush;
  if (request[kSecret].is_string()) Wipe(request[kSecret].get_ref<std::string&>());
  request.erase(kSecret);
}

Outcome<Exit> Create(Context& context, const Wish& wish) {
  if (wish.secret && context.format == Format::kName) {
    return Failed(Exit::kUsage, "-o name would not show the secret", "use -o json");
  }
  Json digests = wish.digests;
  for (const std::string& file : wish.files) {
    GRANT_TRY(const std::string digest, Sha256OfFile(file));
    digests.push_back(digest);
  }
  Json body;
  body["signer"] = wish.signer;
  body["signings"] = wish.signings;
  if (wish.window.empty()) {
    body["window"] = {{"from", wish.from}, {"until", wish.until}};
  } else {
    body["window"] = {{"duration", wish.window}};
  }
  body["justification"] = wish.reason;
  if (!digests.empty()) body["digests"] = digests;
  if (wish.secret) body["secret"] = true;
  GRANT_TRY(Json request, context.client.Post(kRequests, body));
  PrintSecret(context, request);

  const WaitOptions& waiting = wish.waiting;
  if (waiting.wait || (context.around.out_is_terminal && !waiting.no_wait)) {
    return WaitAndPrint(context, std::move(request), waiting);
  }
  PrintRequest(context, request);
  if (context.ForPeople() && Text(request, "status") == "open") {
    Note(context, "to wait for it: grantctl request show " + Text(request, "id") + " --wait");
  }
  return Exit::kOk;
}

void AddTimeout(CLI::App* command, WaitOptions& options) {
  command->add_option("--timeout", options.timeout, "stop waiting after this long, as in 30m")
      ->check(CheckSpan)
      ->type_name("D");
}

void AddCreate(CLI::App* subject, Command& chosen) {
  auto wish = std::make_shared<Wish>();
  CLI::App* command = subject->add_subcommand("create", "ask for a grant");
  command->add_option("SIGNER", wish->signer, "the signer to sign with")->required();
  command->add_option("--signings", wish->signings, "how many signatures")
      ->required()
      ->check(CountUpTo(kSigningsMax))
      ->type_name("N");
  auto* window = command->add_option("--window", wish->window, "how long, from its approval on")
                     ->type_name("D");
  auto* from = command->add_option("--from", wish->from, "first instant, RFC 3339")
                   ->check(CheckInstant)
                   ->type_name("T")
                   ->excludes(window);
  auto* until = command->add_option("--until", wish->until, "last instant, RFC 3339")
                    ->check(CheckInstant)
                    ->type_name("T")
                    ->excludes(window)
                    ->needs(from);
  from->needs(until);
  command->add_option("--reason", wish->reason, "why, for the approvers")->required();
  command->add_option("--digest", wish->digests, "sign only this content: sha256:HEX; repeatable")
      ->allow_extra_args(false);
  command->add_option("--file", wish->files, "sign only this file; repeatable")
      ->allow_extra_args(false);
  command->add_flag("--secret", wish->secret,
                    "show a secret that any user may give as the PIN to use this grant");
  auto* wait = command->add_flag("--wait", wish->waiting.wait,
                                 "wait for the decision (the default on a terminal)");
  command->add_flag("--no-wait", wish->waiting.no_wait, "return at once")->excludes(wait);
  AddTimeout(command, wish->waiting);
  command->callback([wish, window, from, &chosen] {
    if (window->empty() && from->empty()) {
      throw CLI::RequiredError("--window, or --from with --until,");
    }
    chosen = [wish](Context& context) { return Create(context, *wish); };
  });
}

void AddList(CLI::App* subject, Command& chosen) {
  struct Options {
    Query query;
    Paging paging;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("list", "requests you filed or may approve");
  AddFilter(command, options->query, "status", "only in this state")
      ->check(OneOf({"open", "approved", "rejected", "cancelled", "expired"}));
  AddFilter(command, options->query, "signer", "only for this signer");
  AddFilter(command, options->query, "requester", "only by this principal, as in unix:alice");
  AddPaging(command, options->paging);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) {
      return ShowList(context, kRequests, options->query, options->paging, "id", "requests",
                      [&](const Json& list) {
                        return RequestTable(List(list, "items"), context.format == Format::kWide,
                                            context.ColourOut(), context.now);
                      });
    };
  });
}

void AddShow(CLI::App* subject, Command& chosen) {
  struct Options {
    std::string id;
    WaitOptions waiting;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("show", "one request, its steps and decisions");
  command->add_option("ID", options->id, "the request, or the beginning of its ID")->required();
  auto* wait = command->add_flag("--wait", options->waiting.wait, "wait for the decision");
  AddTimeout(command, options->waiting);
  command->get_option("--timeout")->needs(wait);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) -> Outcome<Exit> {
      GRANT_TRY(Json request, context.client.Get(PathOf(options->id)));
      if (options->waiting.wait) {
        return WaitAndPrint(context, std::move(request), options->waiting);
      }
      return PrintRequest(context, request);
    };
  });
}

// approve, reject and cancel: an ID and perhaps a comment.
void AddDecision(CLI::App* subject, const std::string& verb, const std::string& about,
                 Command& chosen) {
  struct Options {
    std::string id;
    std::string comment;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand(verb, about);
  command->add_option("ID", options->id, "the request, or the beginning of its ID")->required();
  command->add_option("--comment", options->comment, "why, for everybody who sees the request");
  command->callback([options, verb, &chosen] {
    chosen = [options, verb](Context& context) -> Outcome<Exit> {
      Json body = Json::object();
      if (!options->comment.empty()) body["comment"] = options->comment;
      GRANT_TRY(const Json request, context.client.Post(PathOf(options->id, "/" + verb), body));
      return PrintStanding(context, request);
    };
  });
}

void AddComment(CLI::App* subject, Command& chosen) {
  struct Options {
    std::string id;
    std::string text;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("comment", "say something about a request");
  command->add_option("ID", options->id, "the request, or the beginning of its ID")->required();
  command->add_option("TEXT", options->text, "what to say")->required();
  command->callback([options, &chosen] {
    chosen = [options](Context& context) -> Outcome<Exit> {
      const Json body = {{"text", options->text}};
      GRANT_TRY(const Json request, context.client.Post(PathOf(options->id, "/comment"), body));
      return PrintStanding(context, request);
    };
  });
}

}  // namespace

void AddRequestCommands(CLI::App& app, Command& chosen) {
  CLI::App* subject = AddSubject(app, "request", "requests for signing access");
  AddCreate(subject, chosen);
  AddList(subject, chosen);
  AddShow(subject, chosen);
  AddDecision(subject, "approve", "approve the step a request is at", chosen);
  AddDecision(subject, "reject", "reject a request", chosen);
  AddDecision(subject, "cancel", "take back a request", chosen);
  AddComment(subject, chosen);
}

}  // namespace grant::ctl
