#include "tools/grantctl/review.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <optional>

#include "tools/grantctl/list.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

enum class Choice { kApprove, kLess, kReject, kSkip, kQuit };

// What the reviewer has made of a request, and the body that tells grantd.
struct Answer {
  Choice choice = Choice::kQuit;
  Json body = Json::object();
};

std::optional<std::string> ReadLine(Context& context, const std::string& question) {
  context.around.err << question << " " << std::flush;
  std::string line;
  if (std::getline(context.around.in, line)) return line;
  context.around.err << "\n";
  return std::nullopt;
}

Choice AskChoice(Context& context) {
  while (const auto line = ReadLine(context, "approve, less, reject, skip or quit? [a/l/r/s/q]")) {
    for (const auto& [word, choice] :
         {std::pair<std::string_view, Choice>{"approve", Choice::kApprove},
          {"less", Choice::kLess},
          {"reject", Choice::kReject},
          {"skip", Choice::kSkip},
          {"quit", Choice::kQuit}}) {
      if (!line->empty() && word.starts_with(*line)) return choice;
    }
  }
  return Choice::kQuit;
}

// What follows a decision: another request, or the same once more, which changed meanwhile.
enum class After { kNext, kLookAgain };

// A line that is empty or stands `check`; nothing at the end of the input.
std::optional<std::string> ReadChecked(
    Context& context, const std::string& question,
    const std::function<std::string(const std::string&)>& check) {
  while (auto line = ReadLine(context, question)) {
    const std::string wrong = line->empty() ? std::string() : check(*line);
    if (wrong.empty()) return line;
    Note(context, wrong);
  }
  return std::nullopt;
}

std::string CheckWindow(const std::string& text, std::optional<std::chrono::seconds> longest) {
  const auto span = ParseSpan(text);
  if (!span) return "'" + text + "' is not a duration: write it as in 90s, 30m, 2h or 1h30m";
  if (longest && *span > *longest) return "that is longer than " + Span(*longest);
  return {};
}

std::string CheckSignings(const std::string& text, int64_t most) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && rest == end && count >= 1 && count <= most) return {};
  return fmt::format("'{}' is not a number from 1 to {}", text, most);
}

// Asks how much less the grant is to allow. False at the end of the input.
bool AskLess(Context& context, const Json& request, Json& body) {
  const int64_t most = SigningsLeft(request);
  const auto longest = WindowLeft(request);
  const auto signings =
      ReadChecked(context, fmt::format("signatures, at most {} (empty: {}):", most, most),
                  [most](const std::string& text) { return CheckSignings(text, most); });
  if (!signings) return false;
  const auto window = ReadChecked(
      context,
      fmt::format("window, at most {} (empty: all of it):", longest ? Span(*longest) : "asked for"),
      [longest](const std::string& text) { return CheckWindow(text, longest); });
  if (!window) return false;
  if (!signings->empty()) body["signings"] = std::stoll(*signings);
  if (!window->empty()) body["window"] = *window;
  return true;
}

// All that the reviewer has to say about a request. The end of the input is kQuit.
Answer AskAnswer(Context& context, const Json& request) {
  Answer answer;
  answer.choice = AskChoice(context);
  if (answer.choice == Choice::kQuit || answer.choice == Choice::kSkip) return answer;
  if (answer.choice == Choice::kLess) {
    if (!AskLess(context, request, answer.body)) return {};
    if (answer.body.empty()) {
      Note(context, "that takes nothing away: approve all of it with a");
      return AskAnswer(context, request);
    }
  }
  const auto comment = ReadLine(context, answer.choice == Choice::kReject
                                             ? "reason, for the requester (may be empty):"
                                             : "comment (may be empty):");
  if (!comment) return {};
  if (!comment->empty()) answer.body["comment"] = *comment;
  return answer;
}

struct Tally {
  size_t approved = 0;
  size_t rejected = 0;
  size_t skipped = 0;
  size_t refused = 0;
};

class Review {
 public:
  Review(Context& context, size_t total) : context_(context), total_(total) {}

  // Whether the walk goes on. A request that changes before it is decided on is shown again, so
  // that nobody approves what they have not seen.
  Outcome<bool> Next(const std::string& id) {
    ++number_;
    for (bool again = false;; again = true) {
      GRANT_TRY(const Tagged seen, context_.client.GetTagged(RequestPath(id)));
      context_.now = context_.around.now();
      if (Text(seen.object, "status") != "open") {
        Note(context_, fmt::format("request {} {}", id, StandingText(seen.object, context_.now)));
        if (again) ++tally_.refused;  // somebody else was faster
        return true;
      }
      Show(seen.object);
      const Answer answer = AskAnswer(context_, seen.object);
      if (answer.choice == Choice::kQuit) return false;
      if (answer.choice == Choice::kSkip) {
        ++tally_.skipped;
        return true;
      }
      GRANT_TRY(const After after, Decide(id, seen.etag, answer));
      if (after == After::kNext) return true;
    }
  }

  const Tally& tally() const { return tally_; }

 private:
  void Show(const Json& request) {
    std::ostream& out = context_.ForPeople() ? context_.around.out : context_.around.err;
    out << fmt::format("{}{} of {}\n", number_ > 1 ? "\n" : "", number_, total_)
        << RequestBlock(request, context_.ForPeople() ? context_.ColourOut() : context_.ColourErr(),
                        context_.now)
        << std::flush;
  }

  // Decides on the request as it was shown, which the tag names.
  Outcome<After> Decide(const std::string& id, const std::string& etag, const Answer& answer) {
    const bool approve = answer.choice != Choice::kReject;
    auto decided =
        context_.client.Post(RequestPath(id, approve ? "/approve" : "/reject"), answer.body, etag);
    if (!decided) {
      if (decided.error().exit != Exit::kRefused) {
        return tl::make_unexpected(std::move(decided).error());
      }
      if (decided.error().stale) {
        Note(context_, decided.error().message);
        return After::kLookAgain;
      }
      // Somebody else may have been faster; the others still await a decision.
      PrintFailure(context_.around.err, decided.error(), context_.ColourErr());
      ++tally_.refused;
      return After::kNext;
    }
    ++(approve ? tally_.approved : tally_.rejected);
    if (context_.format == Format::kJson) {
      context_.around.out << SanitiseJson(decided->dump()) << "\n" << std::flush;
    } else {
      PrintStanding(context_, *decided);
    }
    return After::kNext;
  }

  Context& context_;
  size_t total_;
  size_t number_ = 0;
  Tally tally_;
};

}  // namespace

Outcome<Exit> ReviewRequests(Context& context, Query query) {
  query["awaiting"] = "me";
  GRANT_TRY(const Json list, FetchList(context.client, RequestPath(), query, {.all = true}));
  std::vector<std::string> ids;
  for (const Json& request : List(list, "items")) ids.push_back(Text(request, "id"));
  if (ids.empty()) {
    Note(context, "no request awaits your decision");
    return Exit::kOk;
  }
  Review review(context, ids.size());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    GRANT_TRY(const bool goes_on, review.Next(*id));
    if (!goes_on) break;
  }
  const Tally& tally = review.tally();
  Note(context, fmt::format("{} approved, {} rejected, {} skipped", tally.approved, tally.rejected,
                            tally.skipped));
  return tally.refused > 0 ? Exit::kRefused : Exit::kOk;
}

}  // namespace grant::ctl
