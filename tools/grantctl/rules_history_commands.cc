#include <fmt/format.h>

#include <limits>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/rules_view.h"

namespace grant::ctl {
namespace {

const std::string kHistory = "/v1/rules/history";
constexpr int64_t kVersionMax = std::numeric_limits<int64_t>::max();

// Of the versions that the command line names; an empty one is left to grantd.
struct Range {
  std::string from;
  std::string to;
};

Outcome<Exit> Diff(Context& context, const Range& range) {
  Query query;
  if (!range.from.empty()) query["from"] = range.from;
  if (!range.to.empty()) query["to"] = range.to;
  GRANT_TRY(const Json comparison, context.client.Get("/v1/rules/diff", query));
  if (context.ForPeople()) {
    Note(context, fmt::format("{} version {} to version {}",
                              Texts(comparison, "changes").empty() ? "no difference from" : "from",
                              Number(comparison, "from"), Number(comparison, "to")));
  }
  PrintObject(context, comparison, "to",
              [&] { return ChangesText(comparison, context.ColourOut()); });
  return Exit::kOk;
}

}  // namespace

void AddRulesHistoryCommands(CLI::App& rules, Command& chosen) {
  auto paging = std::make_shared<Paging>();
  CLI::App* history = rules.add_subcommand("history", "who changed the rules, and when");
  AddPaging(history, *paging);
  history->callback([paging, &chosen] {
    chosen = [paging](Context& context) {
      return ShowList(context, kHistory, {}, *paging, "version", "versions", [&](const Json& list) {
        return RulesHistoryTable(List(list, "items"), context.format == Format::kWide,
                                 context.ColourOut(), context.now);
      });
    };
  });

  auto range = std::make_shared<Range>();
  CLI::App* diff = rules.add_subcommand("diff", "what differs between two versions of the rules");
  diff->add_option("A", range->from, "the version before; without one, the last change is shown")
      ->check(CountUpTo(kVersionMax));
  diff->add_option("B", range->to, "the version after; without one, the version in force")
      ->check(CountUpTo(kVersionMax));
  diff->callback(
      [range, &chosen] { chosen = [range](Context& context) { return Diff(context, *range); }; });
}

}  // namespace grant::ctl
