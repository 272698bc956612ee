// `grantctl run`: a command that signs under a grant which lasts no longer than it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/own_request.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/reuse.h"

namespace grant::ctl {
namespace {

constexpr size_t kUsesToldMax = 20;
constexpr std::chrono::milliseconds kOutcomePollInterval{250};
constexpr int kOutcomePollsMax = 8;

struct RunOptions {
  Wish wish;
  bool reuse = false;
  std::string timeout;
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

bool IsAlive(const Json& grant) {
  const std::string status = Text(grant, "status");
  return status == "active" || status == "pending";
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
    const Outcome<int> code = context_.around.run(context_.words, {{"GRANTD_GRANT", held.id}});
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
      GRANT_TRY(const Json found, FindReusable(context_, options_.wish));
      if (!found.is_null()) {
        const Held held{Text(found, "id"), false, Number(found, "used")};
        Note(context_, fmt::format("runs under grant {}, which was there already and ends {}",
                                   held.id, Relative(Text(found, "not_after"), context_.now)));
        return held;
      }
    }
    Patience patience(context_,
                      options_.timeout.empty() ? std::nullopt : ParseSpan(options_.timeout));
    GRANT_TRY(const Json request, FileOwn(context_, options_.wish, patience));
    const std::string id = Text(request, "id");
    const auto waited = WaitForDecision(context_, request, patience, "takes it back");
    if (!waited) return GiveUpRequest(id, waited.error());
    if (waited->exit == Exit::kOk) {
      return Held{Text(waited->request, "grant_id"), true, 0,
                  ParseInstant(Text(waited->request, "usable_from"))};
    }
    if (waited->exit == Exit::kRefused) {
      return Failed(Exit::kRefused,
                    fmt::format("request {} {}, so the command was not run", id,
                                StandingText(waited->request, context_.around.now())),
                    "grantctl request show " + id);
    }
    if (waited->interrupted) {
      return GiveUpRequest(id, {Exit::kPending, "interrupted before request " + id + " was decided",
                                "run it again to ask anew"});
    }
    return GiveUpRequest(
        id, {Exit::kPending, fmt::format("request {} was not decided in {}", id, options_.timeout),
             "give it a longer --timeout, or file one that stays open: grantctl request create"});
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

  // A grant that came too late would be nobody's: so the request is taken back, or the grant that
  // was issued meanwhile given up.
  Outcome<Held> GiveUpRequest(const std::string& id, Failure why) {
    const TakenBack taken = TakeBack(context_, id, "grantctl run ended before the decision");
    if (!taken.closed) {
      why.message += "; the command was not run, and the request may still be open: " + taken.fault;
      why.hint = "once grantd answers again: grantctl request cancel " + id;
    } else if (!taken.grant_id.empty()) {
      why.message += "; it was approved meanwhile, but the command was not run";
      Finish({taken.grant_id});
    } else {
      why.message += ", so it was taken back and the command was not run";
    }
    return tl::unexpected<Failure>(std::move(why));
  }

  // Releases the grant where it is this run's own. As it is afterwards.
  Outcome<Json> GiveUp(const Held& held) {
    Outcome<Json> grant;
    for (int poll = 0; poll < kPartingPollsMax; ++poll) {
      if (poll > 0 && !context_.around.pause(kPollInterval)) break;
      grant = context_.client.Get(GrantPath(held.id));
      if (grant && held.own && IsAlive(*grant)) {
        auto ended = context_.client.Post(GrantPath(held.id, "/release"),
                                          {{"reason", "grantctl run ended"}});
        // Its last use may just have been spent, or somebody revoked it.
        const bool settled = ended || ended.error().exit == Exit::kRefused;
        grant = settled ? context_.client.Get(GrantPath(held.id)) : std::move(ended);
      }
      if (grant || !IsAway(grant.error())) break;
    }
    return grant;
  }

  // Gives up what is left, and tells what was used. What goes wrong here does not change how the
  // command ended, and the grant ends by itself.
  void Finish(const Held& held) {
    context_.now = context_.around.now();
    const Outcome<Json> grant = GiveUp(held);
    if (grant) return Report(held, AwaitOutcomes(held, *grant));
    PrintFailure(context_.around.err,
                 {Exit::kFailed, "cannot give up grant " + held.id + ": " + grant.error().message,
                  "once grantd answers again: grantctl grant release " + held.id},
                 context_.ColourErr());
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

  void Report(const Held& held, const Json& grant) {
    const int64_t used = Number(grant, "used") - held.used_before;
    Note(context_, fmt::format("grant {}: {} of {} signatures used{}", held.id, used,
                               Number(grant, "max_signings") - held.used_before,
                               Text(grant, "status") == "released" ? ", the rest given up" : ""));
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
      kRun, "ask for a grant, run a command under it, and give up what is left of it");
  command->footer(
      "The command and its arguments stand behind --, as in\n"
      "grantctl run release --signings 1 --window 30m --reason TEXT -- make sign");
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
  command->callback([options, &chosen] {
    chosen = [options](Context& context) -> Outcome<Exit> {
      if (!context.ForPeople()) {
        return Failed(Exit::kUsage, "run leaves stdout to the command, so -o has nothing to print",
                      "grantctl grant show ID -o json tells what was used");
      }
      if (context.words.empty()) {
        return Failed(Exit::kUsage, "there is no command to run",
                      "write it and its arguments behind --");
      }
      return Run(context, *options).Do();
    };
  });
}

}  // namespace grant::ctl
