#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/table.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

const std::string kGrants = "/v1/grants";

Colour ColourOfGrant(const std::string& status) {
  if (status == "active") return Colour::kGreen;
  if (status == "pending") return Colour::kYellow;
  if (status == "revoked") return Colour::kRed;
  return Colour::kDim;
}

Colour ColourOfOutcome(const std::string& outcome) {
  if (outcome == "signed" || outcome == "delegated") return Colour::kGreen;
  return outcome == "unsettled" ? Colour::kRed : Colour::kYellow;
}

std::string UsesText(const Json& grant) {
  return fmt::format("{} of {}", Number(grant, "used"), Number(grant, "max_signings"));
}

// The instant that matters next: when it begins, ends or has ended.
std::string SpanText(const Json& grant, Instant now) {
  const std::string status = Text(grant, "status");
  if (status == "pending") return "begins " + Relative(Text(grant, "not_before"), now);
  const auto end = ParseInstant(Text(grant, "not_after"));
  const char* verb = end && *end <= now ? "ended " : "ends ";
  return verb + Relative(Text(grant, "not_after"), now);
}

std::string GrantTable(const Json& grants, bool wide, bool colour, Instant now) {
  std::vector<std::string> headings = {"ID", "SIGNER", "STATUS", "USES", "HOLDER", "WINDOW"};
  if (wide) {
    for (const char* heading : {"NOT-BEFORE", "NOT-AFTER", "DIGESTS", "REQUEST"}) {
      headings.emplace_back(heading);
    }
  }
  Table table(headings);
  for (const Json& grant : grants) {
    const std::string status = Text(grant, "status");
    std::vector<Cell> row = {
        {Text(grant, "id")}, {Text(grant, "signer")}, {status, ColourOfGrant(status)},
        {UsesText(grant)},   {Text(grant, "holder")}, {SpanText(grant, now)}};
    if (wide) {
      row.push_back({Text(grant, "not_before")});
      row.push_back({Text(grant, "not_after")});
      row.push_back({Join(Texts(grant, "digests"))});
      row.push_back({Text(grant, "request_id")});
    }
    table.Add(std::move(row));
  }
  return table.Render(colour);
}

std::string UsesTable(const Json& uses, bool colour, Instant now) {
  Table table({"ENTRY", "WHEN", "CALLER", "MECHANISM", "OUTCOME", "PROGRAM", "DIGEST"});
  for (const Json& use : uses) {
    const std::string outcome = Text(use, "outcome");
    table.Add({{std::to_string(Number(use, "entry"))},
               {Relative(Text(use, "at"), now)},
               {Text(use, "caller")},
               {Text(use, "mechanism")},
               {outcome, ColourOfOutcome(outcome)},
               {Text(use, "program")},
               {Text(use, "digest")}});
  }
  return table.Render(colour);
}

std::string RevocationText(const Json& grant, Instant now) {
  const std::string by = Text(grant, "revoked_by");
  if (by.empty()) return {};
  return fmt::format("by {}, {}: {}", by, Exact(Text(grant, "revoked_at"), now),
                     Sanitise(Text(grant, "revoke_reason")));
}

std::string GrantBlock(const Json& grant, bool colour, Instant now) {
  const std::string status = Text(grant, "status");
  Block block;
  block.Add("Grant", Text(grant, "id"), Colour::kBold);
  block.Add("Status", fmt::format("{}, {}", status, SpanText(grant, now)), ColourOfGrant(status));
  block.Add("Signer", Text(grant, "signer"));
  block.Add("Holder", Text(grant, "holder"));
  block.Add("Request", Text(grant, "request_id"));
  block.Add("From", Exact(Text(grant, "not_before"), now));
  block.Add("Until", Exact(Text(grant, "not_after"), now));
  block.Add("Content", ContentText(grant));
  block.Add("Scopes", Join(Texts(grant, "scopes"), "\n"));
  block.Add("Secret",
            Flag(grant, "has_secret") ? "whoever gives it as the PIN uses the grant" : "");
  block.Add("Revoked", RevocationText(grant, now));
  const std::string released_at = Text(grant, "released_at");
  block.Add("Released", released_at.empty() ? "" : "by its holder, " + Exact(released_at, now));
  block.Add("Uses", UsesText(grant));
  const Json& uses = List(grant, "uses");
  if (uses.empty()) return block.Render(colour);
  return block.Render(colour) + Indent(UsesTable(uses, colour, now), 2);
}

void AddList(CLI::App* subject, Command& chosen) {
  struct Options {
    Query query;
    Paging paging;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("list", "grants you hold or may revoke");
  AddFilter(command, options->query, "status", "only in this state")
      ->check(OneOf({"pending", "active", "exhausted", "expired", "revoked", "released"}));
  AddFilter(command, options->query, "signer", "only for this signer");
  AddFilter(command, options->query, "holder", "only of this principal, as in unix:alice");
  AddSince(command, options->query, "only those issued since then");
  AddPaging(command, options->paging);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) {
      return ShowList(context, kGrants, options->query, options->paging, "id", "grants",
                      [&](const Json& list) {
                        return GrantTable(List(list, "items"), context.format == Format::kWide,
                                          context.ColourOut(), context.now);
                      });
    };
  });
}

void AddShow(CLI::App* subject, Command& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = subject->add_subcommand("show", "one grant and its uses");
  command->add_option("ID", *id, "the grant, or the beginning of its ID")->required();
  command->callback([id, &chosen] {
    chosen = [id](Context& context) -> Outcome<Exit> {
      GRANT_TRY(const Json grant, context.client.Get(kGrants + "/" + Escape(*id)));
      PrintObject(context, grant, "id",
                  [&] { return GrantBlock(grant, context.ColourOut(), context.now); });
      return Exit::kOk;
    };
  });
}

// revoke and release: an ID and a reason.
void AddEnd(CLI::App* subject, const std::string& verb, const std::string& about, bool needs_reason,
            Command& chosen) {
  struct Options {
    std::string id;
    std::string reason;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand(verb, about);
  command->add_option("ID", options->id, "the grant, or the beginning of its ID")->required();
  command->add_option("--reason", options->reason, "why, for its holder and the audit")
      ->required(needs_reason);
  command->callback([options, verb, &chosen] {
    chosen = [options, verb](Context& context) -> Outcome<Exit> {
      Json body = Json::object();
      if (!options->reason.empty()) body["reason"] = options->reason;
      GRANT_TRY(const Json grant,
                context.client.Post(kGrants + "/" + Escape(options->id) + "/" + verb, body));
      PrintObject(context, grant, "id", [&] {
        return Sanitise(fmt::format("{} is {}; {} uses were spent", Text(grant, "id"),
                                    Text(grant, "status"), UsesText(grant))) +
               "\n";
      });
      return Exit::kOk;
    };
  });
}

}  // namespace

void AddGrantCommands(CLI::App& app, Command& chosen) {
  CLI::App* subject = AddSubject(app, "grant", "grants and what they were used for");
  AddList(subject, chosen);
  AddShow(subject, chosen);
  AddEnd(subject, "revoke", "end a grant now, for good", true, chosen);
  AddEnd(subject, "release", "give up the rest of a grant of your own", false, chosen);
}

}  // namespace grant::ctl
