#include "tools/grantctl/request_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

constexpr size_t kReasonColumnsMax = 40;

// The step being decided, or null once none is.
const Json* CurrentStep(const Json& request) {
  const Json& steps = List(request, "steps");
  const int64_t step = Number(request, "step");
  if (step < 1 || step > static_cast<int64_t>(steps.size())) return nullptr;
  return &steps[static_cast<size_t>(step - 1)];
}

std::string ApprovalsText(const Json& step) {
  return fmt::format("{} of {} approvals", List(step, "approved_by").size(),
                     Number(step, "required"));
}

// Whom one could ask for an approval, in a line.
std::string SomeWhoCan(const Json& step) {
  constexpr size_t kNamedMax = 8;
  std::vector<std::string> who = Texts(step, "can_approve");
  if (who.size() <= kNamedMax) return Join(who);
  const size_t others = who.size() - kNamedMax;
  who.resize(kNamedMax);
  return fmt::format("{} and {} more", Join(who), others);
}

const Json* LastDecision(const Json& request) {
  const Json& decisions = List(request, "decisions");
  return decisions.empty() ? nullptr : &decisions.back();
}

std::string StatusText(const Json& request, Instant now) {
  const std::string status = Text(request, "status");
  if (status == "open") {
    return fmt::format("open, expires {}", Exact(Text(request, "expires_at"), now));
  }
  const std::string reason = Text(request, "closed_reason");
  return reason.empty() ? status : fmt::format("{}: {}", status, Sanitise(reason));
}

// ", narrowed to 2 signatures, 30m" where an approval left less than was asked for.
std::string NarrowedText(const Json& decision) {
  const Json& narrowed = Object(decision, "narrowed");
  std::vector<std::string> parts;
  if (const int64_t signings = Number(narrowed, "signings"); signings > 0) {
    parts.push_back(fmt::format("{} signatures", signings));
  }
  if (const std::string window = Text(narrowed, "window"); !window.empty()) parts.push_back(window);
  return parts.empty() ? "" : ", narrowed to " + Join(parts);
}

std::string DecisionsText(const Json& request, Instant now) {
  std::vector<std::string> lines;
  for (const Json& decision : List(request, "decisions")) {
    const std::string comment = Text(decision, "comment");
    const bool approved = Text(decision, "decision") == "approve";
    lines.push_back(fmt::format("{} {} step {} {}{}{}{}", Text(decision, "approver"),
                                approved ? "approved" : "rejected", Number(decision, "step"),
                                Relative(Text(decision, "at"), now), NarrowedText(decision),
                                comment.empty() ? "" : ": ", Sanitise(comment)));
  }
  return Join(lines, "\n");
}

std::string CommentsText(const Json& request, Instant now) {
  std::vector<std::string> lines;
  for (const Json& comment : List(request, "comments")) {
    lines.push_back(fmt::format("{} {}: {}", Text(comment, "author"),
                                Relative(Text(comment, "at"), now),
                                Sanitise(Text(comment, "text"))));
  }
  return Join(lines, "\n");
}

std::string StepsText(const Json& request, bool colour) {
  const bool open = Text(request, "status") == "open";
  const Json* current = CurrentStep(request);
  std::string text = Paint("Steps", Colour::kDim, colour) + "\n";
  size_t number = 0;
  for (const Json& step : List(request, "steps")) {
    const bool deciding = open && &step == current;
    const bool complete = Flag(step, "complete");
    // A machine's request may be approved without the approvals of its steps.
    const bool needless = complete && static_cast<int64_t>(List(step, "approved_by").size()) <
                                          Number(step, "required");
    Block title(2);
    title.AddText(fmt::format("{}", ++number),
                  fmt::format("{}: {}{}", Text(step, "name"), ApprovalsText(step),
                              needless   ? ", not needed"
                              : complete ? ", complete"
                              : deciding ? ", being decided"
                                         : ""),
                  complete   ? Colour::kGreen
                  : deciding ? Colour::kYellow
                             : Colour::kNone);
    text += title.Render(colour);
    Block people(5);
    people.Add("approved by", Join(Texts(step, "approved_by")));
    if (open && !complete) people.Add("can approve", Join(Texts(step, "can_approve")));
    text += people.Render(colour);
  }
  return text;
}

// "3", or "2 of 3" where approvers left fewer than were asked for.
std::string SigningsText(const Json& request) {
  const std::string asked = std::to_string(Number(request, "signings"));
  const int64_t left = Number(Object(request, "narrowed"), "signings");
  return left == 0 ? asked : fmt::format("{} of {}", left, asked);
}

}  // namespace

std::string RequestPath(const std::string& id, const std::string& verb) {
  return id.empty() ? "/v1/requests" : "/v1/requests/" + Escape(id) + verb;
}

void PrintStanding(Context& context, const Json& request) {
  PrintObject(context, request, "id", [&] {
    return Sanitise(fmt::format("{} {}", Text(request, "id"), StandingText(request, context.now))) +
           "\n";
  });
}

Colour ColourOfRequest(const std::string& status) {
  if (status == "approved") return Colour::kGreen;
  if (status == "open") return Colour::kYellow;
  if (status == "rejected") return Colour::kRed;
  return Colour::kDim;
}

std::string WindowText(const Json& request) {
  const Json& window = Object(request, "window");
  const std::string duration = Text(window, "duration");
  const std::string left = Text(Object(request, "narrowed"), "window");
  const std::string narrowed = left.empty() ? "" : ", narrowed to " + left;
  if (!duration.empty()) return duration + " from approval" + narrowed;
  return fmt::format("{} until {}{}", Text(window, "from"), Text(window, "until"), narrowed);
}

int64_t SigningsLeft(const Json& request) {
  const int64_t left = Number(Object(request, "narrowed"), "signings");
  return left == 0 ? Number(request, "signings") : left;
}

std::optional<std::chrono::seconds> WindowLeft(const Json& request) {
  const Json& window = Object(request, "window");
  for (const std::string& text :
       {Text(Object(request, "narrowed"), "window"), Text(window, "duration")}) {
    if (!text.empty()) return ParseSpan(text);
  }
  const auto from = ParseInstant(Text(window, "from"));
  const auto until = ParseInstant(Text(window, "until"));
  if (!from || !until) return std::nullopt;
  return *until - *from;
}

std::string HoursText(const Json& hours, Instant now) {
  if (hours.empty()) return {};
  const std::string line =
      fmt::format("{} ({}), ", Join(Texts(hours, "spans")), Text(hours, "time_zone"));
  if (Flag(hours, "open_now")) return line + "open now";
  const std::string opens_at = Text(hours, "opens_at");
  return line + "closed now" + (opens_at.empty() ? "" : ", open from " + Exact(opens_at, now));
}

std::string ContentText(const Json& object) {
  std::vector<std::string> lines;
  for (const std::string& digest : Texts(object, "digests")) {
    std::vector<std::string> names;
    for (const Json& file : List(object, "files")) {
      if (Text(file, "digest") == digest) names.push_back(Sanitise(Text(file, "name")));
    }
    lines.push_back(names.empty() ? digest : fmt::format("{} ({})", digest, Join(names)));
  }
  return lines.empty() ? "any" : Join(lines, "\n");
}

std::string WaitingText(const Json& request) {
  const Json* step = CurrentStep(request);
  if (step == nullptr) return "its decision";
  return fmt::format("step {} of {}, {}: {}; can approve: {}", Number(request, "step"),
                     List(request, "steps").size(), Text(*step, "name"), ApprovalsText(*step),
                     SomeWhoCan(*step));
}

std::string StandingText(const Json& request, Instant now) {
  const std::string status = Text(request, "status");
  if (status == "open") return "is open and waits for " + WaitingText(request);
  if (status == "approved") {
    const std::string usable = Text(request, "usable_from");
    return "is approved: grant " + Text(request, "grant_id") +
           (usable.empty() ? "" : ", usable from " + Exact(usable, now));
  }
  if (status == "expired") {
    return fmt::format("expired undecided {}", Relative(Text(request, "expires_at"), now));
  }
  std::string by;
  const Json* decision = LastDecision(request);
  if (status == "rejected" && decision != nullptr) by = " by " + Text(*decision, "approver");
  const std::string reason = Text(request, "closed_reason");
  return fmt::format("is {}{}{}{}", status, by, reason.empty() ? "" : ": ", reason);
}

std::string RequestTable(const Json& requests, bool wide, bool colour, Instant now) {
  std::vector<std::string> headings = {"ID",        "SIGNER",  "STATUS", "SIGNINGS",
                                       "REQUESTER", "CREATED", "REASON"};
  if (wide) {
    for (const char* heading : {"WINDOW", "EXPIRES", "DIGESTS", "GRANT"}) {
      headings.emplace_back(heading);
    }
  }
  Table table(headings);
  for (const Json& request : requests) {
    const std::string status = Text(request, "status");
    std::vector<Cell> row = {
        {Text(request, "id")},
        {Text(request, "signer")},
        {status, ColourOfRequest(status)},
        {SigningsText(request)},
        {Text(request, "requester")},
        {Relative(Text(request, "created_at"), now)},
        {Text(request, "justification"), Colour::kNone, wide ? size_t{0} : kReasonColumnsMax}};
    if (wide) {
      row.push_back({WindowText(request)});
      row.push_back(
          {status == "open" ? Relative(Text(request, "expires_at"), now) : std::string()});
      row.push_back({Join(Texts(request, "digests"))});
      row.push_back({Text(request, "grant_id")});
    }
    table.Add(std::move(row));
  }
  return table.Render(colour);
}

std::string RequestBlock(const Json& request, bool colour, Instant now) {
  const std::string policy = Text(request, "policy");
  Block block;
  block.Add("Request", Text(request, "id"), Colour::kBold);
  block.Add("Status", StatusText(request, now), ColourOfRequest(Text(request, "status")));
  block.Add("Signer", Text(request, "signer") + (policy.empty() ? "" : " (policy " + policy + ")"));
  block.Add("Requester", fmt::format("{}, {}", Text(request, "requester"),
                                     Exact(Text(request, "created_at"), now)));
  block.Add("Signings", SigningsText(request));
  block.Add("Window", WindowText(request));
  block.Add("Hours", HoursText(Object(request, "hours"), now));
  block.AddText("Reason", Text(request, "justification"));
  block.Add("Content", ContentText(request));
  block.Add("Scopes", Join(Texts(request, "scopes"), "\n"));
  block.Add("Secret",
            Flag(request, "has_secret") ? "whoever gives it as the PIN uses the grant" : "");
  block.Add("Grant", Text(request, "grant_id"));
  const std::string usable = Text(request, "usable_from");
  block.Add("Usable", usable.empty() ? "" : "from " + Exact(usable, now));
  block.Add("Decisions", DecisionsText(request, now));
  block.Add("Comments", CommentsText(request, now));
  return block.Render(colour) + StepsText(request, colour);
}

}  // namespace grant::ctl
