#include "tools/grantctl/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/nearest.h"
#include "tools/grantctl/options.h"

namespace grant::ctl {
namespace {

constexpr const char* kDefaultApi = "unix:/run/grantd/api.sock";

struct Globals {
  Format format = Format::kTable;
  std::string api;
  bool no_color = false;
};

void AddGlobals(CLI::App& app, Globals& globals) {
  static const std::map<std::string, Format> kFormats = {{"table", Format::kTable},
                                                         {"wide", Format::kWide},
                                                         {"json", Format::kJson},
                                                         {"name", Format::kName}};
  app.add_option_function<std::string>(
         "-o,--output", [&globals](const std::string& name) { globals.format = kFormats.at(name); },
         "table, wide, json or name")
      ->check(OneOf({"table", "wide", "json", "name"}))
      ->type_name("FORMAT");
  app.add_option("--api", globals.api,
                 fmt::format("grantd's address (GRANTD_API; {})", kDefaultApi))
      ->type_name("ADDRESS");
  app.add_flag("--no-color", globals.no_color, "no colour (NO_COLOR)");
  app.set_version_flag("--version", "grantctl " GRANT_VERSION, "print grantctl's version");
}

// The command that was given, as far as it was understood, and how a person writes it.
struct Given {
  const CLI::App* command;
  std::string text;
};

Given GivenCommand(const CLI::App& app) {
  Given given{&app, "grantctl"};
  while (!given.command->get_subcommands().empty()) {
    given.command = given.command->get_subcommands().back();
    given.text += " " + given.command->get_name();
  }
  return given;
}

std::vector<std::string> OptionsOf(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> CommandsOf(const CLI::App* command) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  }
  return names;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates,
                       const std::string& otherwise) {
  const std::string nearest = Nearest(word, candidates);
  return nearest.empty() ? otherwise : fmt::format("did you mean '{}'?", nearest);
}

constexpr const char* kFooter =
    "Every command takes -o table|wide|json|name, --api ADDRESS and --no-color.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 refused, 4 not authenticated,\n"
    "5 timed out or still pending, 6 grantd unreachable.";

// CLI11 says its messages with a capital letter and a full stop now and then.
std::string InHouseStyle(std::string message) {
  // A name in capitals, such as SIGNER, stays one.
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1])) != 0) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  while (!message.empty() && (message.back() == '.' || message.back() == '\n')) message.pop_back();
  return message;
}

Failure UsageFailure(const CLI::App& app, const CLI::ParseError& error) {
  const Given given = GivenCommand(app);
  const std::string help = given.text + " --help";
  const std::vector<std::string> rest = app.remaining(/*recurse=*/true);
  if (given.command->get_name() == kRun && !rest.empty() && !rest.front().starts_with('-')) {
    return {Exit::kUsage, fmt::format("unexpected argument '{}'", rest.front()),
            "the command to run and its arguments stand behind --"};
  }
  // What was not understood is named first: a misspelt option also leaves another one missing.
  for (const std::string& word : rest) {
    if (!word.starts_with('-') || word == "-" || word == "--") continue;
    const std::string name = word.substr(0, word.find('='));
    return {Exit::kUsage, fmt::format("unknown option '{}'", name),
            DidYouMean(name, OptionsOf(given.command), help)};
  }
  const std::vector<std::string> commands = CommandsOf(given.command);
  if (!commands.empty()) {
    const std::string one_of = "one of: " + Join(commands);
    if (rest.empty()) {
      return {Exit::kUsage, fmt::format("a command is missing after '{}'", given.text), one_of};
    }
    return {Exit::kUsage, fmt::format("unknown command '{}' after '{}'", rest.front(), given.text),
            DidYouMean(rest.front(), commands, one_of)};
  }
  if (!rest.empty()) {
    return {Exit::kUsage, fmt::format("unexpected argument '{}'", rest.front()), help};
  }
  return {Exit::kUsage, InHouseStyle(error.what()), help};
}

// Takes the words behind the first "--" off the arguments, where the command takes them.
std::vector<std::string> SplitWords(const CLI::App& app, std::vector<std::string>& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<std::string> commands = CommandsOf(&app);
  const auto command = std::find_if(arguments.begin(), dashes, [&](const std::string& word) {
    return word == kComplete || std::find(commands.begin(), commands.end(), word) != commands.end();
  });
  if (command == dashes || !TakesWords(*command) || dashes == arguments.end()) return {};
  std::vector<std::string> words(dashes + 1, arguments.end());
  arguments.erase(dashes, arguments.end());
  return words;
}

Outcome<Exit> RunChosen(const Command& chosen, const Globals& globals, Surroundings& around,
                        std::vector<std::string> words) {
  std::string address = globals.api.empty() ? around.variable("GRANTD_API") : globals.api;
  if (address.empty()) address = kDefaultApi;
  GRANT_TRY(std::string socket, SocketOf(address));
  Client client(std::move(socket));
  Context context{client, around, globals.format, globals.no_color, around.now(), std::move(words)};
  return chosen(context);
}

}  // namespace

int RunGrantctl(const std::vector<std::string>& arguments, Surroundings& around) {
  CLI::App app("Ask for, approve and watch grants to sign with keys that grantd guards.",
               "grantctl");
  app.require_subcommand(1);
  app.footer(kFooter);
  // Global options may stand behind a command; subcommands inherit this.
  app.fallthrough();
  Globals globals;
  Command chosen;
  AddGlobals(app, globals);
  AddRequestCommands(app, chosen);
  AddGrantCommands(app, chosen);
  AddRunCommand(app, chosen);
  AddRulesCommands(app, chosen);
  AddKeyCommands(app, chosen);
  AddApplyCommand(app, chosen);
  AddAuditCommands(app, chosen);
  AddBackupCommands(app, chosen);
  AddSealCommands(app, chosen);
  AddDoctorCommand(app, chosen);
  AddStandingCommands(app, chosen);
  AddCompletionCommands(app, chosen);
  AddManualCommand(app, chosen);

  std::vector<std::string> own = arguments;
  std::vector<std::string> words = SplitWords(app, own);
  Outcome<Exit> outcome = Exit::kOk;
  try {
    app.parse(std::vector<std::string>(own.rbegin(), own.rend()));
    globals.no_color = globals.no_color || !around.variable("NO_COLOR").empty() ||
                       around.variable("TERM") == "dumb";
    outcome = RunChosen(chosen, globals, around, std::move(words));
  } catch (const CLI::CallForHelp&) {
    around.out << app.help();
  } catch (const CLI::CallForVersion&) {
    around.out << "grantctl " GRANT_VERSION "\n";
  } catch (const CLI::ParseError& error) {
    outcome = tl::unexpected<Failure>(UsageFailure(app, error));
  } catch (const std::exception& error) {
    outcome = Failed(Exit::kFailed, fmt::format("a fault in grantctl: {}", error.what()));
  }

  around.out.flush();
  if (!around.out && outcome) outcome = Failed(Exit::kFailed, "cannot write the result to stdout");
  if (outcome) return static_cast<int>(*outcome);
  PrintFailure(around.err, outcome.error(), around.err_is_terminal && !globals.no_color);
  return static_cast<int>(outcome.error().exit);
}

}  // namespace grant::ctl
