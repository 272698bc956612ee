#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "grant/wipe.h"
#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/secret.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

// More than a PIN has, so that one that is too long is told.
constexpr size_t kPinRoomBytes = 1024;

struct UnsealOptions {
  std::string token;
  bool after_wrong_pin = false;
};

std::string StateText(const Json& state, bool colour) {
  std::string text;
  if (Flag(state, "sealed")) {
    text += Paint("sealed", Colour::kRed, colour) +
            Sanitise(fmt::format(" by {} at {}: {}", Text(state, "sealed_by"),
                                 Text(state, "sealed_at"), Text(state, "reason"))) +
            "\n";
  } else {
    text += Paint("not sealed", Colour::kGreen, colour) + "\n";
  }
  for (const Json& token : List(state, "tokens")) {
    const std::string name = Text(token, "name");
    if (Flag(token, "refused")) {
      text += Sanitise("token " + name + " refused its PIN") + "\n";
    } else if (Flag(token, "waiting")) {
      text +=
          Sanitise(fmt::format("token {0} waits for its PIN: grantctl unseal --token {0}", name)) +
          "\n";
    }
  }
  return text;
}

void PrintState(Context& context, const Json& state) {
  PrintObject(context, state, "", [&] { return StateText(state, context.ColourOut()); });
}

Outcome<Exit> CloseSeal(Context& context, const std::string& reason) {
  GRANT_TRY(const Json state, context.client.Post("/v1/seal", {{"reason", reason}}));
  PrintState(context, state);
  return Exit::kOk;
}

Outcome<Exit> ShowSeal(Context& context) {
  GRANT_TRY(const Json state, context.client.Get("/v1/seal"));
  PrintState(context, state);
  return Exit::kOk;
}

// Reads one line into `pin`, of the terminal without showing it.
Outcome<void> ReadPin(Context& context, const std::string& token, std::string& pin) {
  Surroundings& around = context.around;
  const bool hidden = around.in_is_terminal && around.echo && around.echo(false);
  if (around.in_is_terminal) {
    around.err << Sanitise("PIN of token " + token + ": ") << std::flush;
  }
  // Text that grows leaves copies of itself behind.
  pin.resize(kPinRoomBytes);
  around.in.getline(pin.data(), static_cast<std::streamsize>(pin.size()));
  const bool read = !around.in.fail();
  const auto bytes = static_cast<size_t>(std::max<std::streamsize>(around.in.gcount(), 0));
  // The newline is counted, but not stored.
  pin.resize(bytes > 0 && !around.in.eof() ? bytes - 1 : bytes);
  if (hidden) around.echo(true);
  if (around.in_is_terminal) around.err << "\n";
  if (read && !pin.empty()) return {};
  return Failed(Exit::kUsage, "there is no PIN for token " + token,
                "type it, or give it on standard input, one line for each token");
}

Outcome<Json> GivePin(Context& context, const std::string& token, bool after_wrong_pin) {
  std::string pin;
  const WipeAtEnd<std::string> wipe(pin);
  GRANT_CHECK(ReadPin(context, token, pin));
  return context.client.SendSecret(
      "/v1/tokens/" + Escape(token) + "/pin" + (after_wrong_pin ? "?after_wrong_pin=true" : ""),
      pin);
}

std::vector<std::string> Waiting(const Json& state, const std::string& only) {
  std::vector<std::string> names;
  for (const Json& token : List(state, "tokens")) {
    const std::string name = Text(token, "name");
    if (only.empty() ? Flag(token, "waiting") : name == only) names.push_back(name);
  }
  // grantd knows best what is wrong with a name.
  if (names.empty() && !only.empty()) names.push_back(only);
  return names;
}

// Lifts the seal where there is one, and gives the PINs that are to be typed in.
Outcome<Exit> Unseal(Context& context, const UnsealOptions& options) {
  ForbidCoreDumps();
  GRANT_TRY(Json state, context.client.Get("/v1/seal"));
  const bool sealed = Flag(state, "sealed");
  if (sealed) {
    GRANT_TRY(state, context.client.Post("/v1/unseal", Json::object()));
    Note(context, "the seal is lifted");
  }
  const std::vector<std::string> tokens = Waiting(state, options.token);
  if (tokens.empty() && !sealed) {
    return Failed(Exit::kRefused, "grantd is not sealed, and no token waits for its PIN",
                  "grantctl seal --reason '...' stops all signing");
  }
  for (const std::string& token : tokens) {
    GRANT_TRY(state, GivePin(context, token, options.after_wrong_pin));
  }
  PrintState(context, state);
  return Exit::kOk;
}

}  // namespace

void AddSealCommands(CLI::App& app, Command& chosen) {
  auto reason = std::make_shared<std::string>();
  auto show = std::make_shared<bool>(false);
  CLI::App* seal =
      app.add_subcommand("seal", "stop all signing at once, until an administrator unseals");
  CLI::Option* given = seal->add_option("--reason", *reason, "why nothing may be signed");
  seal->add_flag("--show", *show, "only show whether grantd is sealed, and which tokens wait")
      ->excludes(given);
  seal->callback([given, reason, show, &chosen] {
    if (*show) {
      chosen = ShowSeal;
      return;
    }
    if (given->empty()) throw CLI::RequiredError("--reason");
    chosen = [reason](Context& context) { return CloseSeal(context, *reason); };
  });

  auto options = std::make_shared<UnsealOptions>();
  CLI::App* unseal =
      app.add_subcommand("unseal", "lift the seal, and give the PINs of tokens that wait for them");
  unseal->add_option("--token", options->token, "give the PIN of this token alone")
      ->type_name("NAME");
  unseal->add_flag("--after-wrong-pin", options->after_wrong_pin,
                   "the token refused the last PIN, and this one is known to be right");
  unseal->callback([options, &chosen] {
    chosen = [options](Context& context) { return Unseal(context, *options); };
  });
}

}  // namespace grant::ctl
