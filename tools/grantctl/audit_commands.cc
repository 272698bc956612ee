#include <fmt/format.h>

#include <algorithm>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

// Reading a long chain from its beginning takes its time.
constexpr std::chrono::seconds kVerifyTimeout{600};
constexpr ptrdiff_t kExplainedMax = 10;

// People read down towards the present; the API answers newest first.
std::vector<const Json*> OldestFirst(const Json& list) {
  std::vector<const Json*> entries;
  for (const Json& entry : List(list, "items")) entries.push_back(&entry);
  std::reverse(entries.begin(), entries.end());
  return entries;
}

bool IsRefusal(const Json& entry) {
  return !Text(Object(entry, "detail"), "cause").empty();
}

// What an entry holds beyond its columns: the message of a refusal, "key=value" for anything else.
std::string DetailText(const Json& entry) {
  if (IsRefusal(entry)) return Text(Object(entry, "detail"), "message");
  // A detail that is no object is damaged, which is worth seeing.
  if (!Text(entry, "detail").empty()) return Text(entry, "detail");
  const Json& detail = Object(entry, "detail");
  std::vector<std::string> parts;
  for (const auto& field : detail.items()) {
    const Json& value = field.value();
    const std::string text = value.is_array()  ? Join(Texts(detail, field.key().c_str()), "; ")
                             : value.is_null() ? std::string()
                                               : Plain(value);
    if (!text.empty()) parts.push_back(fmt::format("{}={}", field.key(), text));
  }
  return Join(parts, " ");
}

std::string EntryTable(const std::vector<const Json*>& entries, bool wide, bool colour) {
  std::vector<std::string> headings = {"ENTRY",  "TIME",    "EVENT", "ACTOR",
                                       "SIGNER", "SUBJECT", "DETAIL"};
  if (wide) headings.emplace_back("HASH");
  constexpr size_t kDetailColumnsMax = 80;
  Table table(headings);
  for (const Json* entry : entries) {
    std::vector<Cell> row = {
        {std::to_string(Number(*entry, "number"))},
        {Text(*entry, "at")},
        {Text(*entry, "event"), IsRefusal(*entry) ? Colour::kRed : Colour::kNone},
        {Text(*entry, "actor")},
        {Text(*entry, "signer")},
        {Text(*entry, "subject")},
        {DetailText(*entry), Colour::kNone, wide ? size_t{0} : kDetailColumnsMax}};
    if (wide) row.push_back({Text(*entry, "hash")});
    table.Add(std::move(row));
  }
  return table.Render(colour);
}

std::string TriedText(const Json& entry) {
  const Json& detail = Object(entry, "detail");
  const std::string signer = Text(entry, "signer");
  const std::string mechanism = Text(detail, "mechanism");
  const std::string program = Text(detail, "program");
  const std::string who =
      fmt::format("as {}{}", Text(entry, "actor"), program.empty() ? "" : ", running " + program);
  if (Text(entry, "event").starts_with("login.")) {
    return fmt::format("log in to token {}, {}", Text(detail, "token"), who);
  }
  // A key that no signer names still has its label on the token.
  return fmt::format("sign with {}{}, {}",
                     signer.empty() ? "key '" + Text(detail, "key") + "'" : signer,
                     mechanism.empty() ? "" : " (" + mechanism + ")", who);
}

std::string HappenedText(const Json& entry) {
  const std::string signer = Text(entry, "signer");
  return fmt::format("{}{}, by {}", Text(entry, "event"), signer.empty() ? "" : " for " + signer,
                     Text(entry, "actor"));
}

std::string Explanation(const std::vector<const Json*>& entries, bool colour, Instant now) {
  std::string text;
  for (const Json* entry : entries) {
    const Json& detail = Object(*entry, "detail");
    const bool refused = IsRefusal(*entry);
    Block block;
    block.Add("Time", fmt::format("{}, entry {}", Exact(Text(*entry, "at"), now),
                                  Number(*entry, "number")));
    if (refused) {
      block.Add("Tried", TriedText(*entry));
      block.AddText("Why", fmt::format("{} [{}]", Text(detail, "message"), Text(detail, "cause")),
                    Colour::kRed);
      block.AddText("Hint", Text(detail, "hint"), Colour::kBold);
    } else {
      block.Add("Event", HappenedText(*entry));
      block.Add("About", Text(*entry, "subject"));
      block.AddText("Detail", DetailText(*entry));
    }
    text += (text.empty() ? "" : "\n") + block.Render(colour);
  }
  return text;
}

void AddAuditList(CLI::App* subject, Command& chosen) {
  struct Options {
    Query query;
    Paging paging;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = subject->add_subcommand("list", "the newest entries, oldest of them first");
  AddFilter(command, options->query, "event", "only this event, as in signature.refused");
  AddFilter(command, options->query, "subject", "only about this ID or name");
  AddFilter(command, options->query, "signer", "only about this signer");
  AddFilter(command, options->query, "actor", "only caused by this principal");
  AddPaging(command, options->paging);
  command->callback([options, &chosen] {
    chosen = [options](Context& context) {
      return ShowList(context, "/v1/audit", options->query, options->paging, "number", "entries",
                      [&](const Json& list) {
                        return EntryTable(OldestFirst(list), context.format == Format::kWide,
                                          context.ColourOut());
                      });
    };
  });
}

Outcome<Exit> Verify(Context& context) {
  GRANT_TRY(const Json report, context.client.Get("/v1/audit/verify", {}, kVerifyTimeout));
  const bool intact = Flag(report, "intact");
  PrintObject(context, report, "last_hash", [&] {
    Block block;
    block.Add("Audit", intact ? "intact" : "broken: " + Text(report, "fault"),
              intact ? Colour::kGreen : Colour::kRed);
    block.Add("Entries", std::to_string(Number(report, "entries")));
    block.Add("Last hash", Text(report, "last_hash"));
    return block.Render(context.ColourOut());
  });
  if (intact) return Exit::kOk;
  return Failed(Exit::kFailed, "the audit chain is broken: " + Text(report, "fault"),
                "keep grantd's state directory as it is, and compare it with its last backup");
}

Outcome<Exit> Acknowledge(Context& context, const std::string& reason) {
  GRANT_TRY(const Json answer, context.client.Post("/v1/audit/acknowledge", {{"reason", reason}}));
  PrintObject(context, answer, "", [] {
    return std::string("acknowledged; see grantctl audit list --event audit.acknowledged\n");
  });
  return Exit::kOk;
}

void AddAcknowledge(CLI::App* subject, Command& chosen) {
  auto reason = std::make_shared<std::string>();
  CLI::App* command = subject->add_subcommand(
      "acknowledge", "say that a restored database, or a clock that was set, is right");
  command->add_option("--reason", *reason, "what was found and done")->required();
  command->callback([reason, &chosen] {
    chosen = [reason](Context& context) { return Acknowledge(context, *reason); };
  });
}

struct ExplainOptions {
  std::string id;
  bool all = false;
};

Outcome<Exit> Explain(Context& context, const ExplainOptions& options) {
  const std::string& id = options.id;
  GRANT_TRY(const Json list,
            context.client.Get(id.empty() ? "/v1/explain" : "/v1/explain/" + Escape(id)));
  std::vector<const Json*> entries = OldestFirst(list);
  const bool cut = context.ForPeople() && !options.all && std::ssize(entries) > kExplainedMax;
  if (cut) entries.erase(entries.begin(), entries.end() - kExplainedMax);
  PrintList(context, list, "number", id.empty() ? "refusals" : "entries about " + id,
            [&] { return Explanation(entries, context.ColourOut(), context.now); });
  if (cut) Note(context, fmt::format("these are the newest {}; --all shows more", kExplainedMax));
  return Exit::kOk;
}

void AddExplain(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand("explain", "why signatures and logins were refused");
  command->add_option("ID", options->id,
                      "a request, a grant or an entry's number; without one, your latest refusals");
  command->add_flag("--all", options->all, fmt::format("not only the newest {}", kExplainedMax));
  command->callback([options, &chosen] {
    chosen = [options](Context& context) { return Explain(context, *options); };
  });
}

}  // namespace

void AddAuditCommands(CLI::App& app, Command& chosen) {
  CLI::App* subject = AddSubject(app, "audit", "the record of everything that happened");
  AddAuditList(subject, chosen);
  subject->add_subcommand("verify", "check the whole chain of entries")->callback([&chosen] {
    chosen = Verify;
  });
  AddAcknowledge(subject, chosen);
  AddExplain(app, chosen);
}

}  // namespace grant::ctl
