// The commands and options as a part of the manual page, which therefore misses none.
#include <fmt/format.h>

#include <cctype>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"

namespace grant::ctl {
namespace {

// As it stands in Markdown, where it is not in code.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Sentence(std::string text) {
  if (text.empty()) return text;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return Escaped(text) + ".";
}

bool Takes(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// "`-o`, `--output` *FORMAT*"
std::string Term(const CLI::Option& option) {
  std::string term;
  for (const std::string& name : option.get_snames()) term += fmt::format("`-{}`, ", name);
  for (const std::string& name : option.get_lnames()) term += fmt::format("`--{}`, ", name);
  term.resize(term.size() - 2);
  if (Takes(option)) term += fmt::format(" *{}*", Escaped(option.get_type_name()));
  return term;
}

// "`signer show` *NAME*"
std::string Heading(const CLI::App& command, const std::string& name) {
  std::string heading = "`" + name + "`";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string word = "*" + Escaped(option->get_name(/*positional=*/true)) + "*";
    heading += option->get_required() ? " " + word : " [" + word + "]";
    if (option->get_items_expected_max() > 1) heading += "...";
  }
  if (TakesWords(name)) heading += " `--` *COMMAND* [*ARGUMENT*]...";
  return heading;
}

void AddOptions(const CLI::App& command, std::string& page) {
  for (const CLI::Option* option : command.get_options()) {
    if (option == command.get_help_ptr() || option->get_group().empty()) continue;
    const std::string term =
        option->get_positional() ? "*" + Escaped(option->get_name(true)) + "*" : Term(*option);
    page += fmt::format("{}\n: {}", term, Escaped(option->get_description()));
    if (option->get_required() && !option->get_positional()) page += "; required";
    if (Takes(*option) && !option->get_default_str().empty()) {
      page += fmt::format("; default {}", Escaped(option->get_default_str()));
    }
    page += "\n\n";
  }
}

void AddCommands(const CLI::App& parent, const std::string& before, std::string& page) {
  for (const CLI::App* command : parent.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;
    const std::string name = before + command->get_name();
    if (command->get_require_subcommand_min() > 0) {
      AddCommands(*command, name + " ", page);
      continue;
    }
    page += fmt::format("## {}\n\n{}\n\n", Heading(*command, name),
                        Sentence(command->get_description()));
    AddOptions(*command, page);
  }
}

}  // namespace

void AddManualCommand(CLI::App& app, Command& chosen) {
  app.add_subcommand(kManual, "")->group("")->callback([&app, &chosen] {
    chosen = [&app](Context& context) -> Outcome<Exit> {
      std::string page = "# COMMANDS\n\n";
      AddCommands(app, "", page);
      page += "# OPTIONS OF EVERY COMMAND\n\n";
      AddOptions(app, page);
      context.around.out << page;
      return Exit::kOk;
    };
  });
}

}  // namespace grant::ctl
