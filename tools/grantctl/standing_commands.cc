#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

std::string OrNone(const std::string& text) {
  return text.empty() ? "none" : text;
}

Outcome<Exit> WhoAmI(Context& context) {
  GRANT_TRY(const Json standing, context.client.Get("/v1/whoami"));
  PrintObject(context, standing, "principal", [&] {
    Block block;
    block.Add("Principal", Text(standing, "principal"), Colour::kBold);
    block.Add("Groups", OrNone(Join(Texts(standing, "groups"))));
    block.Add("Administrator", Flag(standing, "admin") ? "yes" : "no");
    if (Flag(standing, "auditor")) block.Add("Auditor", "yes: sees everything, changes nothing");
    block.Add("May request", OrNone(Join(Texts(standing, "signers"))));
    block.Add("May approve", OrNone(Join(Texts(standing, "approves"))));
    return block.Render(context.ColourOut());
  });
  return Exit::kOk;
}

std::string GrantdText(const Json& health) {
  std::vector<std::string> tokens;
  for (const Json& token : List(health, "tokens")) {
    tokens.push_back(fmt::format("token {} {}", Text(token, "name"),
                                 Flag(token, "present") ? "present" : "absent"));
  }
  const std::string version =
      fmt::format("{}, {}", Text(health, "version"), Text(health, "status"));
  return tokens.empty() ? version : version + "; " + Join(tokens);
}

// Which grantctl this is can be said without grantd.
Outcome<Exit> Version(Context& context) {
  const Outcome<Json> health = context.client.Get("/v1/health");
  Json versions;
  versions["grantctl"] = GRANT_VERSION;
  versions["grantd"] = health ? *health : Json();
  PrintObject(context, versions, "grantctl", [&] {
    Block block;
    block.Add("grantctl", GRANT_VERSION);
    if (health) block.Add("grantd", GrantdText(*health));
    return block.Render(context.ColourOut());
  });
  if (!health) Note(context, health.error().message);
  return Exit::kOk;
}

}  // namespace

void AddStandingCommands(CLI::App& app, Command& chosen) {
  app.add_subcommand("whoami", "who grantd takes you for, and what you may do")
      ->callback([&chosen] { chosen = WhoAmI; });
  app.add_subcommand("version", "the versions of grantctl and grantd")->callback([&chosen] {
    chosen = Version;
  });
}

}  // namespace grant::ctl
