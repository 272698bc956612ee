// `grantctl run`: a command that signs under a grant which lasts no longer than it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/wait.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {
namespace {

constexpr size_t kUsesToldMax = 20;
constexpr std::chrono::milliseconds kOutcomePollInterval{250};
constexpr int kOutcomePollsMax = 8;

struct RunOptions {
  Wish wish;
  bool reuse = false;
  std::string timeout;
  std::vector<std::string> command;
};

// A grant to run under.
struct Held {
  std::string id;
  bool own = true;  // asked for by this run, which gives it up in the end
  int64_t used_before = 0;
  std::optional<Instant> usable_from = {};  // where that is yet to come
};

std::string GrantPath(const std::string& id, const std::string& verb = {}) {
  return "/v1/grants/" + Escape(id) + verb;
}

bool Includes(const std::vector<std::string>& all, const std::vector<std::string>& some) {
  return std::all_of(some.begin(), some.end(), [&all](const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  });
}

class Run {
 public:
  Run(Context& context, const RunOptions& options) : context_(context), options_(options) {}

  Outcome<Exit> Do() {
    // From here on an interruption is noticed between two steps, so that nothing is left behind.
    if (!context_.around.pause(std::chrono::milliseconds(0))) return Interrupted();
    GRANT_TRY(const Held held, Acquire());
    if (!WaitUntilUsable(held)) {
      Finish(held);
      return Interrupted();
    }
    const Outcome<int> code = context_.around.run(options_.command, {{"GRANTD_GRANT", held.id}});
    Finish(held);
    if (!code) return tl::make_unexpected(code.error());
    return static_cast<Exit>(*code);
  }

 private:
  static tl::unexpected<Failure> Interrupted() {
    return Failed(Exit::kPending, "interrupted before the command was run",
                  "run it again to ask for a new grant");
  }

  Outcome<Held> Acquire() {
    if (options_.reuse) {
      GRANT_TRY(const Json found, FindReusable());
      if (!found.is_null()) {
        const Held held{Text(found, "id"), false, Number(found, "used")};
        Note(context_, "runs under grant " + held.id + ", which was there already");
        return held;
      }
    }
    std::string no_secret;
    GRANT_TRY(const Json request, AskFor(context_, options_.wish, no_secret));
    const bool own = !Flag(request, "existing");
    const auto timeout = options_.timeout.empty() ? std::nullopt : ParseSpan(options_.timeout);
    GRANT_TRY(const Waited waited, WaitForDecision(context_, request, timeout,
                                                   own ? "takes it back" : "leaves it open"));
    if (waited.exit != Exit::kOk) return GiveUpRequest(waited, own);
    return Held{Text(waited.request, "grant_id"), true, 0,
                ParseInstant(Text(waited.request, "usable_from"))};
  }

  // Until the hours begin in which the grant can be used. False if the user interrupts.
  bool WaitUntilUsable(const Held& held) {
    std::chrono::milliseconds left(0);
    if (held.usable_from) {
      const Instant now = context_.around.now();
      left = std::max<std::chrono::seconds>(*held.usable_from - now, std::chrono::seconds(0));
      Note(context_, fmt::format("grant {} is usable from {}; waiting", held.id,
                                 Exact(InstantText(*held.usable_from), now)));
    }
    return context_.around.pause(left);
  }

  // An active grant of the caller's own that covers what is asked for; the first to end of several,
  // null where there is none.
  Outcome<Json> FindReusable() {
    GRANT_TRY(const Json body, RequestBody(context_, options_.wish));
    GRANT_TRY(const Json standing, context_.client.Get("/v1/whoami"));
    const Query query = {{"signer", options_.wish.signer},
                         {"holder", Text(standing, "principal")},
                         {"status", "active"}};
    GRANT_TRY(const Json list, FetchList(context_.client, "/v1/grants", query, {.all = true}));
    Json best;
    for (const Json& grant : List(list, "items")) {
      if (!Covers(grant, body)) continue;
      if (best.is_null() || Text(grant, "not_after") < Text(best, "not_after")) best = grant;
    }
    return best;
  }

  bool Covers(const Json& grant, const Json& body) const {
    std::vector<std::string> content = Texts(body, "digests");
    for (const Json& file : List(body, "files")) content.push_back(Text(file, "digest"));
    const std::vector<std::string> covered = Texts(grant, "digests");
    const std::vector<std::string> scopes = Texts(body, "scopes");
    const std::vector<std::string> demanded = Texts(grant, "scopes");
    const auto end = ParseInstant(Text(grant, "not_after"));
    const auto window = ParseSpan(options_.wish.window);
    return Number(grant, "max_signings") - Number(grant, "used") >= options_.wish.signings && end &&
           window && *end >= context_.now + *window && covered.empty() == content.empty() &&
           Includes(covered, content) && Includes(demanded, scopes) && Includes(scopes, demanded);
  }

  // A grant that came too late would be nobody's: so the request is taken back, unless it was there
  // before this run.
  Outcome<Held> GiveUpRequest(const Waited& waited, bool own) {
    const std::string id = Text(waited.request, "id");
    const std::string standing =
        fmt::format("request {} {}", id, StandingText(waited.request, context_.around.now()));
    if (waited.exit == Exit::kRefused) {
      return Failed(Exit::kRefused, standing + ", so the command was not run",
                    "grantctl request show " + id);
    }
    if (!own) {
      return Failed(Exit::kPending, standing + ", so the command was not run",
                    "it was filed before and stays open: grantctl request wait " + id);
    }
    const Json comment = {{"comment", "grantctl run ended before the decision"}};
    const auto cancelled = context_.client.Post(RequestPath(id, "/cancel"), comment);
    if (!cancelled) {
      const auto now = context_.client.Get(RequestPath(id));
      if (now && Text(*now, "status") == "approved") Finish({Text(*now, "grant_id"), true, 0});
      if (!now) Note(context_, "request " + id + " may still be open: " + now.error().message);
    }
    return Failed(Exit::kPending,
                  "request " + id +
                      " was not decided in time, so it was taken back and the "
                      "command was not run",
                  "file one that stays open: grantctl request create");
  }

  // Gives up what is left, and tells what was used. What goes wrong here does not change how the
  // command ended, and the grant ends by itself.
  void Finish(const Held& held) {
    context_.now = context_.around.now();
    auto grant = context_.client.Get(GrantPath(held.id));
    bool released = false;
    if (grant && held.own && IsAlive(*grant)) {
      const Json reason = {{"reason", "grantctl run ended"}};
      auto ended = context_.client.Post(GrantPath(held.id, "/release"), reason);
      released = ended.has_value();
      // Its last use may just have been spent, or somebody revoked it.
      if (!ended && ended.error().exit != Exit::kRefused) grant = std::move(ended);
      if (grant) grant = context_.client.Get(GrantPath(held.id));
    }
    if (!grant) {
      PrintFailure(context_.around.err,
                   {Exit::kFailed, "cannot give up grant " + held.id + ": " + grant.error().message,
                    "once grantd answers again: grantctl grant release " + held.id},
                   context_.ColourErr());
      return;
    }
    Report(held, AwaitOutcomes(held, *std::move(grant)), released);
  }

  // grantd writes down what came of a use a moment after the signature is out.
  Json AwaitOutcomes(const Held& held, Json grant) {
    for (int i = 0; i < kOutcomePollsMax && HasPending(grant); ++i) {
      if (!context_.around.pause(kOutcomePollInterval)) break;
      auto later = context_.client.Get(GrantPath(held.id));
      if (!later) break;
      grant = *std::move(later);
    }
    return grant;
  }

  static bool HasPending(const Json& grant) {
    const Json& uses = List(grant, "uses");
    return std::any_of(uses.begin(), uses.end(),
                       [](const Json& use) { return Text(use, "outcome") == "pending"; });
  }

  static bool IsAlive(const Json& grant) {
    const std::string status = Text(grant, "status");
    return status == "active" || status == "pending";
  }

  void Report(const Held& held, const Json& grant, bool released) {
    const int64_t used = Number(grant, "used") - held.used_before;
    Note(context_, fmt::format("grant {}: {} of {} signatures used{}", held.id, used,
                               Number(grant, "max_signings") - held.used_before,
                               released ? ", the rest given up" : ""));
    const Json& uses = List(grant, "uses");
    const size_t told =
        std::min({uses.size(), static_cast<size_t>(std::max<int64_t>(used, 0)), kUsesToldMax});
    // Newest first as they come, oldest first as they happened.
    for (size_t i = told; i-- > 0;) {
      const Json& use = uses[i];
      Note(context_,
           fmt::format("  {}: {} of {} by {}", Text(use, "outcome"), Text(use, "mechanism"),
                       NameOf(grant, Text(use, "digest")), Text(use, "program")));
    }
    if (told < static_cast<size_t>(std::max<int64_t>(used, 0))) {
      Note(context_, "  all of them: grantctl grant show " + held.id);
    }
  }

  static std::string NameOf(const Json& grant, const std::string& digest) {
    for (const Json& file : List(grant, "files")) {
      if (Text(file, "digest") == digest) return Text(file, "name");
    }
    return digest.empty() ? "content that grantd does not know" : digest;
  }

  Context& context_;
  const RunOptions& options_;
};

}  // namespace

void AddRunCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand(
      "run", "ask for a grant, run a command under it, and give up what is left of it");
  AddWish(command, options->wish);
  command->add_option("--window", options->wish.window, "how long, from its approval on")
      ->required()
      ->check(CheckSpan)
      ->type_name("D");
  command->add_flag("--reuse", options->reuse,
                    "run under a grant that is there already, if one covers all of this");
  command
      ->add_option("--timeout", options->timeout,
                   "take the request back where it is not decided after this long")
      ->check(CheckSpan)
      ->type_name("D");
  command->add_option("COMMAND", options->command, "after --, the command and its arguments")
      ->required();
  command->callback([options, &chosen] {
    chosen = [options](Context& context) -> Outcome<Exit> {
      if (!context.ForPeople()) {
        return Failed(Exit::kUsage, "run leaves stdout to the command, so -o has nothing to print",
                      "grantctl grant show ID -o json tells what was used");
      }
      return Run(context, *options).Do();
    };
  });
}

}  // namespace grant::ctl
