#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/rules_file.h"
#include "tools/grantctl/rules_view.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

const std::string kRules = "/v1/rules";

struct Options {
  std::string file;
  bool yes = false;
  bool dry_run = false;
};

Exit PrintResult(Context& context, const Json& result, const std::string& text) {
  PrintObject(context, result, "version", [&] { return text + "\n"; });
  return Exit::kOk;
}

Outcome<Exit> Apply(Context& context, const Options& options) {
  const bool may_ask = context.around.in_is_terminal && context.around.err_is_terminal;
  if (!options.yes && !options.dry_run && !may_ask) {
    return Failed(Exit::kUsage, "nobody is at a terminal to be asked about the changes",
                  "--yes applies without asking, --dry-run only shows the difference");
  }
  GRANT_TRY(const RulesFile rules, LoadRulesFile(options.file, context.around.in));
  // The tag of what is in force goes with both calls: what is applied is the difference that was
  // shown, or nothing.
  GRANT_TRY(const Tagged in_force, context.client.GetTagged(kRules));
  Json body;
  body["document"] = rules.document;
  body["source"] = rules.source;
  body["files"] = rules.files;
  body["dry_run"] = true;
  GRANT_TRY(const Json plan, context.client.Post(kRules, body, in_force.etag));
  for (const std::string& warning : Texts(plan, "warnings")) Note(context, "warning: " + warning);

  if (Texts(plan, "changes").empty()) {
    return PrintResult(
        context, plan,
        fmt::format("nothing to change: version {} stays in force", Number(plan, "version")));
  }
  if (options.dry_run) {
    PrintObject(context, plan, "version", [&] { return ChangesText(plan, context.ColourOut()); });
    return Exit::kOk;
  }
  context.around.err << ChangesText(plan, context.ColourErr()) << std::flush;
  if (!options.yes && !Ask(context.around.in, context.around.err, "apply these changes?")) {
    return Failed(Exit::kFailed, "nothing was applied");
  }
  body["dry_run"] = false;
  GRANT_TRY(const Json applied, context.client.Post(kRules, body, in_force.etag));
  return PrintResult(context, applied,
                     fmt::format("version {} is in force", Number(applied, "version")));
}

}  // namespace

void AddApplyCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("apply", "put a rules file in force");
  command->add_option("-f,--file", options->file, "the rules file; - reads stdin")
      ->required()
      ->type_name("FILE");
  auto* yes = command->add_flag("--yes", options->yes, "do not ask");
  command->add_flag("--dry-run", options->dry_run, "only show the difference")->excludes(yes);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) { return Apply(context, *options); };
  });
}

}  // namespace grant::ctl
