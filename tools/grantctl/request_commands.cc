#include <fmt/format.h>

#include <optional>

#include "grant/wipe.h"
#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/terminal.h"
#include "tools/grantctl/wait.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {
namespace {

constexpr const char* kSecret = "secret";

struct WaitOptions {
  bool wait = false;
  bool no_wait = false;
  std::string timeout;
};

struct CreateOptions {
  Wish wish;
  WaitOptions waiting;
};

std::string CheckInstant(const std::string& text) {
  if (ParseInstant(text)) return {};
  return fmt::format(
      "'{}' is not a time in RFC 3339: write date, time and zone as in 2026-11-21T22:00:00Z or "
      "2026-11-21T22:00:00+01:00",
      text);
}

Exit PrintRequest(Context& context, const Json& request) {
  PrintObject(context, request, "id",
              [&] { return RequestBlock(request, context.ColourOut(), context.now); });
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
                fmt::format("it stays open; go on waiting: grantctl request wait {}", id));
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

Outcome<Exit> Create(Context& context, const CreateOptions& options) {
  if (options.wish.secret && context.format == Format::kName) {
    return Failed(Exit::kUsage, "-o name would not show the secret", "use -o json");
  }
  GRANT_TRY(Json request, AskFor(context, options.wish));
  PrintSecret(context, request);

  const WaitOptions& waiting = options.waiting;
  if (waiting.wait || (context.around.out_is_terminal && !waiting.no_wait)) {
    return WaitAndPrint(context, std::move(request), waiting);
  }
  PrintRequest(context, request);
  if (context.ForPeople() && Text(request, "status") == "open") {
    Note(context, "to wait for it: grantctl request wait " + Text(request, "id"));
  }
  return Exit::kOk;
}

void AddTimeout(CLI::App* command, WaitOptions& options) {
  command->add_option("--timeout", options.timeout, "stop waiting after this long, as in 30m")
      ->check(CheckSpan)
      ->type_name("D");
}

void AddCreate(CLI::App* subject, Command& chosen) {
  auto options = std::make_shared<CreateOptions>();
  Wish& wish = options->wish;
  CLI::App* command = subject->add_subcommand("create", "ask for a grant");
  AddWish(command, wish);
  auto* window = command->add_option("--window", wish.window, "how long, from its approval on")
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
  command->add_flag("--secret", wish.secret,
                    "show a secret that any user may give as the PIN to use this grant");
  auto* wait = command->add_flag("--wait", options->waiting.wait,
                                 "wait for the decision (the default on a terminal)");
  command->add_flag("--no-wait", options->waiting.no_wait, "return at once")->excludes(wait);
  AddTimeout(command, options->waiting);
  command->callback([options, window, from, &chosen] {
    if (window->empty() && from->empty()) {
      throw CLI::RequiredError("--window, or --from with --until,");
    }
    chosen = [options](Context& context) { return Create(context, *options); };
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
  AddSince(command, options->query, "only those filed since then");
  command->add_flag_callback(
      "--awaiting-me", [options] { options->query["awaiting"] = "me"; },
      "only those that await your decision");
  AddPaging(command, options->paging);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) {
      return ShowList(context, RequestPath(), options->query, options->paging, "id", "requests",
                      [&](const Json& list) {
                        return RequestTable(List(list, "items"), context.format == Format::kWide,
                                            context.ColourOut(), context.now);
                      });
    };
  });
}

void AddShow(CLI::App* subject, Command& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = subject->add_subcommand("show", "one request, its steps and decisions");
  command->add_option("ID", *id, "the request, or the beginning of its ID")->required();
  command->callback([id, &chosen] {
    chosen = [id](Context& context) -> Outcome<Exit> {
      GRANT_TRY(const Json request, context.client.Get(RequestPath(*id)));
      return PrintRequest(context, request);
    };
  });
}

void AddWait(CLI::App* subject, Command& chosen) {
  struct Options {
    std::string id;
    WaitOptions waiting;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("wait", "wait until a request is decided");
  command->add_option("ID", options->id, "the request, or the beginning of its ID")->required();
  AddTimeout(command, options->waiting);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) -> Outcome<Exit> {
      GRANT_TRY(Json request, context.client.Get(RequestPath(options->id)));
      return WaitAndPrint(context, std::move(request), options->waiting);
    };
  });
}

}  // namespace

void AddRequestCommands(CLI::App& app, Command& chosen) {
  CLI::App* subject = AddSubject(app, "request", "requests for signing access");
  AddCreate(subject, chosen);
  AddList(subject, chosen);
  AddShow(subject, chosen);
  AddWait(subject, chosen);
  AddDecisionCommands(subject, chosen);
}

}  // namespace grant::ctl
