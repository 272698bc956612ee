#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/policy_test_view.h"

namespace grant::ctl {
namespace {

struct Options {
  std::string signer;
  std::string as;
  int64_t signings = 0;
  std::string window;
  std::string reason;
};

// What the request would be refused for is the answer here, not a failure of the command.
Outcome<Exit> Test(Context& context, const Options& options) {
  Json body;
  body["signer"] = options.signer;
  if (!options.as.empty()) {
    const bool named = options.as.find(':') != std::string::npos;
    body["as"] = named ? options.as : "unix:" + options.as;
  }
  body["signings"] = options.signings;
  body["window"] = {{"duration", options.window}};
  if (!options.reason.empty()) body["justification"] = options.reason;
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
  test->add_option("SIGNER", options->signer, "the signer it would be for")->required();
  test->add_option("--as", options->as,
                   "who would file it; without it, you. Others are for administrators and auditors")
      ->type_name("NAME");
  test->add_option("--signings", options->signings, "how many signatures")
      ->required()
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  test->add_option("--window", options->window, "how long the grant would last")
      ->required()
      ->check(CheckSpan)
      ->type_name("DURATION");
  test->add_option("--reason", options->reason, "the justification; one that is long enough")
      ->type_name("TEXT");
  test->callback([options, &chosen] {
    chosen = [options](Context& context) { return Test(context, *options); };
  });
}

}  // namespace grant::ctl
