#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/policy_test_view.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {
namespace {

struct Options {
  Wish wish;
  std::string as;
};

// What the request would be refused for is the answer here, not a failure of the command.
Outcome<Exit> Test(Context& context, const Options& options) {
  GRANT_TRY(Json body, RequestBody(context, options.wish));
  if (options.wish.reason.empty()) body.erase("justification");
  if (!options.as.empty()) {
    const bool named = options.as.find(':') != std::string::npos;
    body["as"] = named ? options.as : "unix:" + options.as;
  }
  GRANT_TRY(const Json forecast, context.client.Post("/v1/policies/test", body));
  PrintObject(context, forecast, "outcome",
              [&] { return ForecastText(forecast, context.ColourOut(), context.now); });
  const std::string outcome = Text(forecast, "outcome");
  return outcome == "refused" || outcome == "never-approved" ? Exit::kRefused : Exit::kOk;
}

}  // namespace

void AddPolicyTestCommand(CLI::App& policy, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* test =
      policy.add_subcommand("test", "what would become of a request, without filing it");
  AddTerms(test, options->wish);
  const auto check_window = AddWindow(test, options->wish);
  test->add_option("--as", options->as,
                   "who would file it; without it, you. Others are for administrators and auditors")
      ->type_name("NAME");
  test->add_option("--reason", options->wish.reason, "the justification; one that is long enough");
  test->add_flag("--secret", options->wish.secret, "as one that asks for a grant secret");
  test->callback([options, check_window, &chosen] {
    check_window();
    chosen = [options](Context& context) { return Test(context, *options); };
  });
}

}  // namespace grant::ctl
