#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/rules_view.h"

namespace grant::ctl {
namespace {

// Signers and policies are listed and shown alike.
struct Kind {
  std::string path;    // "/v1/signers"
  std::string things;  // "signers"
  std::string (*table)(const Json& items, bool wide, bool colour);
  std::string (*block)(const Json& item, bool colour);
};

void AddListAndShow(CLI::App* subject, const Kind& kind, Command& chosen) {
  auto paging = std::make_shared<Paging>();
  CLI::App* list_command =
      subject->add_subcommand("list", kind.things + " that you have to do with");
  AddPaging(list_command, *paging);
  list_command->callback([paging, kind, &chosen] {
    chosen = [paging, kind](Context& context) {
      return ShowList(context, kind.path, {}, *paging, "name", kind.things, [&](const Json& list) {
        return kind.table(List(list, "items"), context.format == Format::kWide,
                          context.ColourOut());
      });
    };
  });

  auto name = std::make_shared<std::string>();
  CLI::App* show_command = subject->add_subcommand("show", "one of them in full");
  show_command->add_option("NAME", *name, "its name")->required();
  show_command->callback([name, kind, &chosen] {
    chosen = [name, kind](Context& context) -> Outcome<Exit> {
      GRANT_TRY(const Json item, context.client.Get(kind.path + "/" + Escape(*name)));
      PrintObject(context, item, "name", [&] { return kind.block(item, context.ColourOut()); });
      return Exit::kOk;
    };
  });
}

Outcome<Exit> ShowRules(Context& context, const std::string& version) {
  const std::string path = version.empty() ? "/v1/rules" : "/v1/rules/" + Escape(version);
  GRANT_TRY(const Json rules, context.client.Get(path));
  PrintObject(context, rules, "version", [&] {
    return RulesText(rules, context.format == Format::kWide, context.ColourOut(), context.now);
  });
  return Exit::kOk;
}

}  // namespace

void AddRulesCommands(CLI::App& app, Command& chosen) {
  CLI::App* rules = AddSubject(app, "rules", "the rules in force, and those before");
  auto version = std::make_shared<std::string>();
  CLI::App* show = rules->add_subcommand("show",
                                         "users, groups, policies and signers, and who "
                                         "applied them");
  show->add_option("VERSION", *version, "an earlier version; without one, the rules in force");
  show->callback([version, &chosen] {
    chosen = [version](Context& context) { return ShowRules(context, *version); };
  });
  AddRulesHistoryCommands(*rules, chosen);
  CLI::App* signer = AddSubject(app, "signer", "named keys and who may use them");
  AddListAndShow(signer, {"/v1/signers", "signers", &SignerTable, &SignerBlock}, chosen);
  AddSignerKeyCommands(*signer, chosen);
  CLI::App* policy = AddSubject(app, "policy", "who has to approve what");
  AddListAndShow(policy, {"/v1/policies", "policies", &PolicyTable, &PolicyBlock}, chosen);
  AddPolicyTestCommand(*policy, chosen);
}

}  // namespace grant::ctl
