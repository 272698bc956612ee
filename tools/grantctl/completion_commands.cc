// Completion for shells: a script for each, which asks grantctl itself what may come next.
#include <algorithm>

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
  const char* list = "items";  // that the answer holds them in
};

const std::vector<Lookup>& Lookups() {
  static const auto& lookups =
      *new std::vector<Lookup>{{"request create", "/v1/signers", "name", {}},
                               {"run", "/v1/signers", "name", {}},
                               {"signer show", "/v1/signers", "name", {}},
                               {"signer check", "/v1/signers", "name", {}},
                               {"signer certificate", "/v1/signers", "name", {}},
                               {"--token", "/v1/health", "name", {}, "tokens"},
                               {"policy show", "/v1/policies", "name", {}},
                               {"policy test", "/v1/signers", "name", {}},
                               {"request approve", "/v1/requests", "id", {{"awaiting", "me"}}},
                               {"request reject", "/v1/requests", "id", {{"awaiting", "me"}}},
                               {"request cancel", "/v1/requests", "id", {{"status", "open"}}},
                               {"request wait", "/v1/requests", "id", {{"status", "open"}}},
                               {"request comment", "/v1/requests", "id", {}},
                               {"request show", "/v1/requests", "id", {}},
                               {"grant show", "/v1/grants", "id", {}},
                               {"explain", "/v1/requests", "id", {}},
                               {"explain", "/v1/grants", "id", {}},
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
  if (option == "--type" && command == "key generate") {
    return {"rsa:2048", "rsa:3072", "rsa:4096", "ec:p256", "ec:p384", "ed25519"};
  }
  if (option == "--san") return {"DNS:", "IP:", "email:", "URI:"};
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

std::vector<std::string> LookUp(Client& client, const std::string& what) {
  std::vector<std::string> values;
  for (const Lookup& lookup : Lookups()) {
    if (what != lookup.command) continue;
    // Without grantd there is simply nothing to offer.
    const auto list = client.Get(lookup.path, lookup.query, kLookupTimeout);
    if (!list) break;
    for (const Json& item : List(*list, lookup.list)) values.push_back(Text(item, lookup.key));
  }
  return values;
}

std::vector<std::string> OptionsUnder(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        // --help is one of every command above this one, too.
        const std::string written = "--" + name;
        if (std::find(names.begin(), names.end(), written) == names.end()) names.push_back(written);
      }
    }
  }
  return names;
}

// grantd's address where the line names one; empty where it does not.
std::string AddressIn(const std::vector<std::string>& words) {
  static constexpr std::string_view kAttached = "--api=";
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i].starts_with(kAttached)) return words[i].substr(kAttached.size());
    if (words[i] == "--api") return words[i + 1];
  }
  return {};
}

// What may stand at a place where no option's name is begun.
std::vector<std::string> ValuesAt(Client& client, const Place& place, const CLI::Option* option) {
  if (option != nullptr) {
    const std::string name = "--" + option->get_lnames().front();
    std::vector<std::string> values = ValuesOf(place.name, name);
    return values.empty() ? LookUp(client, name) : values;
  }
  std::vector<std::string> names;
  for (const CLI::App* sub : place.command->get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  }
  if (!names.empty() || place.arguments > 0) return names;
  if (place.name == "completion") return {"bash", "zsh", "fish"};
  return LookUp(client, place.name);
}

// The words that may stand in place of the last one.
std::vector<std::string> Candidates(Client& client, CLI::App& app,
                                    const std::vector<std::string>& words) {
  // What stands behind "--" is the shell's to complete.
  if (std::find(words.begin(), words.end() - 1, "--") != words.end() - 1) return {};
  const Place place = Follow(app, words);
  const CLI::Option* option = place.option;
  std::string begun = words.back();
  std::string before;
  if (const size_t equals = begun.find('=');
      option == nullptr && begun.starts_with("--") && equals != std::string::npos) {
    option = OptionOf(place.command, begun.substr(0, equals));
    if (option == nullptr) return {};
    before = begun.substr(0, equals + 1);
    begun.erase(0, equals + 1);
  }
  std::vector<std::string> candidates;
  for (const std::string& value : option == nullptr && begun.starts_with('-')
                                      ? OptionsUnder(place.command)
                                      : ValuesAt(client, place, option)) {
    if (value.starts_with(begun)) candidates.push_back(before + value);
  }
  return candidates;
}

struct Line {
  std::vector<std::string> words;
  size_t apart = 0;  // how much of the last word the shell holds apart, and completes the rest
};

// bash parts words at "=" and ":".
Line Rejoin(const std::vector<std::string>& pieces) {
  Line line;
  bool goes_on = false;
  for (const std::string& piece : pieces) {
    const bool joint = piece == "=" || piece == ":";
    if (line.words.empty() || (!joint && !goes_on)) {
      line.words.push_back(piece);
      line.apart = 0;
    } else {
      line.apart = line.words.back().size() + (joint ? piece.size() : 0);
      line.words.back() += piece;
    }
    goes_on = joint;
  }
  return line;
}

// Asks the grantd that the line is for.
std::vector<std::string> CandidatesFor(Context& context, CLI::App& app,
                                       const std::vector<std::string>& words) {
  const auto socket = SocketOf(AddressIn(words));
  if (!socket) return Candidates(context.client, app, words);
  Client named(*socket);
  return Candidates(named, app, words);
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
  CLI::App* complete = app.add_subcommand(kComplete, "")->group("");
  complete->callback([&app, &chosen] {
    chosen = [&app](Context& context) -> Outcome<Exit> {
      if (context.words.empty()) return Exit::kOk;
      const Line line = Rejoin(context.words);
      for (const std::string& candidate : CandidatesFor(context, app, line.words)) {
        context.around.out << candidate.substr(line.apart) << "\n";
      }
      return Exit::kOk;
    };
  });
}

}  // namespace grant::ctl
