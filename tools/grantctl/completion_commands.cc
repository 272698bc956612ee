// Completion for shells: a script for each, which asks grantctl itself what may come next.
#include <algorithm>
#include <optional>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"

namespace grant::ctl {
namespace {

constexpr std::chrono::seconds kLookupTimeout{2};

constexpr const char* kBash = R"SCRIPT(# grantctl completion bash >/etc/bash_completion.d/grantctl
_grantctl() {
  local IFS=$'\n'
  COMPREPLY=($(grantctl __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _grantctl grantctl
)SCRIPT";

constexpr const char* kZsh = R"SCRIPT(#compdef grantctl
# grantctl completion zsh >/usr/local/share/zsh/site-functions/_grantctl
_grantctl() {
  local -a candidates
  candidates=(${(f)"$(grantctl __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#candidates )); then compadd -a candidates; else _files; fi
}
if [ "$funcstack[1]" = _grantctl ]; then _grantctl "$@"; else compdef _grantctl grantctl; fi
)SCRIPT";

constexpr const char* kFish =
    R"SCRIPT(# grantctl completion fish >~/.config/fish/completions/grantctl.fish
function __grantctl_complete
  set -l words (commandline -opc)
  set -e words[1]
  grantctl __complete -- $words (commandline -ct) 2>/dev/null
end
complete -c grantctl -a '(__grantctl_complete)'
)SCRIPT";

// What a positional or an option takes that grantd knows the values of.
struct Lookup {
  const char* command;  // "request show"
  const char* path;
  const char* key;
  Query query;
};

const std::vector<Lookup>& Lookups() {
  static const auto& lookups =
      *new std::vector<Lookup>{{"request create", "/v1/signers", "name", {}},
                               {"run", "/v1/signers", "name", {}},
                               {"signer show", "/v1/signers", "name", {}},
                               {"signer check", "/v1/signers", "name", {}},
                               {"policy show", "/v1/policies", "name", {}},
                               {"policy test", "/v1/signers", "name", {}},
                               {"request approve", "/v1/requests", "id", {{"awaiting", "me"}}},
                               {"request reject", "/v1/requests", "id", {{"awaiting", "me"}}},
                               {"request cancel", "/v1/requests", "id", {{"status", "open"}}},
                               {"request wait", "/v1/requests", "id", {{"status", "open"}}},
                               {"request comment", "/v1/requests", "id", {}},
                               {"request show", "/v1/requests", "id", {}},
                               {"grant show", "/v1/grants", "id", {}},
                               {"grant revoke", "/v1/grants", "id", {{"status", "active"}}},
                               {"grant release", "/v1/grants", "id", {{"status", "active"}}},
                               {"--signer", "/v1/signers", "name", {}}};
  return lookups;
}

std::vector<std::string> ValuesOf(const std::string& command, const std::string& option) {
  if (option == "--output") return {"table", "wide", "json", "name"};
  if (option == "--status" && command == "request list") {
    return {"open", "approved", "rejected", "cancelled", "expired"};
  }
  if (option == "--status" && command == "grant list") {
    return {"pending", "active", "exhausted", "expired", "revoked", "released"};
  }
  if (option == "--scope") return {"user=", "program="};
  return {};
}

// How far the words before the one to complete lead.
struct Place {
  CLI::App* command;
  std::string name;                     // "request show"
  const CLI::Option* option = nullptr;  // that takes the word
  size_t arguments = 0;                 // that were given already
};

const CLI::Option* OptionOf(const CLI::App* command, const std::string& word) {
  for (; command != nullptr; command = command->get_parent()) {
    if (const CLI::Option* option = command->get_option_no_throw(word)) return option;
  }
  return nullptr;
}

CLI::App* SubcommandOf(CLI::App* command, const std::string& word) {
  for (CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == word) return sub;
  }
  return nullptr;
}

Place Follow(CLI::App& app, const std::vector<std::string>& words) {
  Place place{&app, ""};
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (place.option != nullptr) {
      place.option = nullptr;
    } else if (word.starts_with('-')) {
      const CLI::Option* option = OptionOf(place.command, word);
      if (option != nullptr && option->get_items_expected_max() > 0) place.option = option;
    } else if (CLI::App* next = SubcommandOf(place.command, word)) {
      place.command = next;
      place.name += (place.name.empty() ? "" : " ") + word;
    } else {
      ++place.arguments;
    }
  }
  return place;
}

std::vector<std::string> LookUp(Context& context, const std::string& what) {
  std::vector<std::string> values;
  for (const Lookup& lookup : Lookups()) {
    if (what != lookup.command) continue;
    // Without grantd there is simply nothing to offer.
    const auto list = context.client.Get(lookup.path, lookup.query, kLookupTimeout);
    if (!list) break;
    for (const Json& item : List(*list, "items")) values.push_back(Text(item, lookup.key));
  }
  return values;
}

std::vector<std::string> OptionsUnder(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> Candidates(Context& context, CLI::App& app,
                                    const std::vector<std::string>& words) {
  const Place place = Follow(app, words);
  if (place.option != nullptr) {
    const std::string option = "--" + place.option->get_lnames().front();
    std::vector<std::string> values = ValuesOf(place.name, option);
    return values.empty() ? LookUp(context, option) : values;
  }
  if (words.back().starts_with('-')) return OptionsUnder(place.command);
  std::vector<std::string> names;
  for (const CLI::App* sub : place.command->get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  }
  if (!names.empty() || place.arguments > 0) return names;
  if (place.name == "completion") return {"bash", "zsh", "fish"};
  return LookUp(context, place.name);
}

}  // namespace

void AddCompletionCommands(CLI::App& app, Command& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* script = app.add_subcommand("completion", "a script that completes grantctl's words");
  script->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(OneOf({"bash", "zsh", "fish"}));
  script->callback([shell, &chosen] {
    chosen = [shell](Context& context) -> Outcome<Exit> {
      context.around.out << (*shell == "bash" ? kBash : *shell == "zsh" ? kZsh : kFish);
      return Exit::kOk;
    };
  });

  // What those scripts call: the words so far, the last of which is to be completed.
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* complete = app.add_subcommand("__complete", "")->group("");
  complete->add_option("WORDS", *words, "")->required();
  complete->callback([words, &app, &chosen] {
    chosen = [words, &app](Context& context) -> Outcome<Exit> {
      for (const std::string& candidate : Candidates(context, app, *words)) {
        if (candidate.starts_with(words->back())) context.around.out << candidate << "\n";
      }
      return Exit::kOk;
    };
  });
}

}  // namespace grant::ctl
