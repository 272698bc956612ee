#include <fmt/format.h>

#include <optional>

#include "grant/wipe.h"
#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/secret.h"
#include "tools/grantctl/terminal.h"
#include "tools/grantctl/wait.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {
namespace {

struct WaitOptions {
  bool wait = false;
  bool no_wait = false;
  std::string timeout;
};

struct CreateOptions {
  Wish wish;
  WaitOptions waiting;
};

// `secret` is empty but for a request that was just filed with one.
Exit PrintRequest(Context& context, const Json& request, const std::string& secret = {}) {
  if (context.format == Format::kJson && !secret.empty()) {
    PrintWithSecret(context, request, secret);
    return Exit::kOk;
  }
  PrintObject(context, request, "id",
              [&] { return RequestBlock(request, context.ColourOut(), context.now); });
  return Exit::kOk;
}

Outcome<Exit> WaitAndPrint(Context& context, Json request, const WaitOptions& options,
                           const std::string& secret = {}) {
  const auto timeout = options.timeout.empty() ? std::nullopt : ParseSpan(options.timeout);
  const Json filed = request;
  auto outcome = WaitForDecision(context, std::move(request), timeout);
  if (!outcome) {
    // Nobody shows the secret again.
    if (context.format == Format::kJson && !secret.empty()) PrintRequest(context, filed, secret);
    return tl::make_unexpected(std::move(outcome).error());
  }
  const Waited waited = *std::move(outcome);
  context.now = context.around.now();
  PrintRequest(context, waited.request, secret);
  if (waited.exit == Exit::kOk) return Exit::kOk;

  const std::string id = Text(waited.request, "id");
  const std::string standing =
      fmt::format("request {} {}", id, StandingText(waited.request, context.now));
  if (waited.exit == Exit::kRefused) return Failed(Exit::kRefused, standing);
  return Failed(Exit::kPending, standing,
                fmt::format("it stays open; go on waiting: grantctl request wait {}", id));
}

// Whoever files at night wants to know that a grant may have to wait for the morning.
void NoteHours(Context& context, const Json& request) {
  const Json& hours = Object(request, "hours");
  if (hours.empty() || Flag(hours, "open_now")) return;
  Note(context, "signatures are allowed " + HoursText(hours, context.now));
}

Outcome<Exit> Create(Context& context, const CreateOptions& options) {
  if (options.wish.secret && context.format == Format::kName) {
    return Failed(Exit::kUsage, "-o name would not show the secret", "use -o json");
  }
  if (options.wish.secret) {
    ForbidCoreDumps();
    // From here on an interruption waits until the secret is shown, which grantd tells only once.
    if (!context.around.pause(std::chrono::milliseconds(0))) {
      return Failed(Exit::kPending, "interrupted before anything was asked for");
    }
  }
  std::string secret;
  const WipeAtEnd<std::string> wipe(secret);
  GRANT_TRY(Json request, AskFor(context, options.wish, secret));
  if (context.ForPeople() && !secret.empty()) TellSecret(context, secret);
  if (context.ForPeople()) NoteHours(context, request);

  const WaitOptions& waiting = options.waiting;
  if (waiting.wait || (context.around.out_is_terminal && !waiting.no_wait)) {
    return WaitAndPrint(context, std::move(request), waiting, secret);
  }
  PrintRequest(context, request, secret);
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
  command->add_flag("--new", wish.another, "also where a request that asks for the same is open");
  const auto check_window = AddWindow(command, wish);
  command->add_flag("--secret", wish.secret,
                    "show a secret that any user may give as the PIN to use this grant");
  auto* wait = command->add_flag("--wait", options->waiting.wait,
                                 "wait for the decision (the default on a terminal)");
  command->add_flag("--no-wait", options->waiting.no_wait, "return at once")->excludes(wait);
  AddTimeout(command, options->waiting);
  command->callback([options, check_window, &chosen] {
    check_window();
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
