// What approvers do with requests: one by one, or walking through those that await them.
#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/review.h"

namespace grant::ctl {
namespace {

constexpr int64_t kSigningsMax = 1'000'000;

struct DecisionOptions {
  std::string id;
  std::string comment;
  int64_t signings = 0;  // 0: as many as were asked for
  std::string window;
};

// approve, reject and cancel: an ID and perhaps a comment.
CLI::App* AddDecision(CLI::App* subject, const std::string& verb, const std::string& about,
                      const std::shared_ptr<DecisionOptions>& options, Command& chosen) {
  CLI::App* command = subject->add_subcommand(verb, about);
  command->add_option("ID", options->id, "the request, or the beginning of its ID")->required();
  command->add_option("--comment", options->comment, "why, for everybody who sees the request");
  command->callback([options, verb, &chosen] {
    chosen = [options, verb](Context& context) -> Outcome<Exit> {
      Json body = Json::object();
      if (!options->comment.empty()) body["comment"] = options->comment;
      if (options->signings > 0) body["signings"] = options->signings;
      if (!options->window.empty()) body["window"] = options->window;
      GRANT_TRY(const Json request,
                context.client.Post(RequestPath(options->id, "/" + verb), body));
      PrintStanding(context, request);
      return Exit::kOk;
    };
  });
  return command;
}

void AddApprove(CLI::App* subject, Command& chosen) {
  auto options = std::make_shared<DecisionOptions>();
  CLI::App* command =
      AddDecision(subject, "approve", "approve the step a request is at", options, chosen);
  command->add_option("--signings", options->signings, "grant at most so many signatures")
      ->check(CountUpTo(kSigningsMax))
      ->type_name("N");
  command->add_option("--window", options->window, "grant at most so long a window")
      ->check(CheckSpan)
      ->type_name("D");
}

void AddReview(CLI::App* subject, Command& chosen) {
  auto query = std::make_shared<Query>();
  CLI::App* command =
      subject->add_subcommand("review", "walk through the requests that await your decision");
  AddFilter(command, *query, "signer", "only for this signer");
  command->callback([query, &chosen] {
    chosen = [query](Context& context) { return ReviewRequests(context, *query); };
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
      GRANT_TRY(const Json request,
                context.client.Post(RequestPath(options->id, "/comment"), body));
      PrintStanding(context, request);
      return Exit::kOk;
    };
  });
}

}  // namespace

void AddDecisionCommands(CLI::App* subject, Command& chosen) {
  AddApprove(subject, chosen);
  AddDecision(subject, "reject", "reject a request", std::make_shared<DecisionOptions>(), chosen);
  AddDecision(subject, "cancel", "take back a request", std::make_shared<DecisionOptions>(),
              chosen);
  AddComment(subject, chosen);
  AddReview(subject, chosen);
}

}  // namespace grant::ctl
