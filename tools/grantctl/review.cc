#include "tools/grantctl/review.h"

#include <fmt/format.h>

#include <optional>

#include "tools/grantctl/list.h"
#include "tools/grantctl/request_view.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

enum class Choice { kApprove, kReject, kSkip, kQuit };

std::optional<std::string> ReadLine(Context& context, const std::string& question) {
  context.around.err << question << " " << std::flush;
  std::string line;
  if (std::getline(context.around.in, line)) return line;
  context.around.err << "\n";
  return std::nullopt;
}

Choice AskChoice(Context& context) {
  while (const auto line = ReadLine(context, "approve, reject, skip or quit? [a/r/s/q]")) {
    for (const auto& [word, choice] :
         {std::pair<std::string_view, Choice>{"approve", Choice::kApprove},
          {"reject", Choice::kReject},
          {"skip", Choice::kSkip},
          {"quit", Choice::kQuit}}) {
      if (!line->empty() && word.starts_with(*line)) return choice;
    }
  }
  return Choice::kQuit;
}

// What follows a decision: another request, or the same once more, which changed meanwhile.
enum class After { kNext, kLookAgain, kQuit };

struct Tally {
  size_t approved = 0;
  size_t rejected = 0;
  size_t skipped = 0;
  size_t refused = 0;
};

class Review {
 public:
  Review(Context& context, size_t total) : context_(context), total_(total) {}

  // Whether the walk goes on.
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
      const Choice choice = AskChoice(context_);
      if (choice == Choice::kQuit) return false;
      if (choice == Choice::kSkip) {
        ++tally_.skipped;
        return true;
      }
      GRANT_TRY(const After after, Decide(id, seen.etag, choice));
      if (after != After::kLookAgain) return after == After::kNext;
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
  Outcome<After> Decide(const std::string& id, const std::string& etag, Choice choice) {
    const auto comment = ReadLine(context_, "comment (may be empty):");
    if (!comment) return After::kQuit;
    Json body = Json::object();
    if (!comment->empty()) body["comment"] = *comment;
    const bool approve = choice == Choice::kApprove;
    auto decided =
        context_.client.Post(RequestPath(id, approve ? "/approve" : "/reject"), body, etag);
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
