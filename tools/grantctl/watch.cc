#include "tools/grantctl/watch.h"

#include <algorithm>
#include <map>

#include "tools/grantctl/terminal.h"
#include "tools/grantctl/wait.h"

namespace grant::ctl {
namespace {

// The terminal's other screen, which has no lines scrolled out of it (xterm's 1049), with long
// lines cut (DECAWM), so that an item is a row.
constexpr const char* kEnterScreen = "\x1b[?1049h\x1b[?7l";
constexpr const char* kLeaveScreen = "\x1b[?7h\x1b[?1049l";
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

using Items = std::map<std::string, Json>;  // by name

Items ByName(const Json& list, const char* name_key) {
  Items items;
  for (const Json& item : List(list, "items")) {
    if (item.contains(name_key)) items[Plain(item[name_key])] = item;
  }
  return items;
}

// The newest that the terminal has room for beside the headings, a last line and the cursor: what
// is pushed off the top of this screen, headings first, cannot be scrolled back to.
Paging Fitting(const Context& context, Paging paging) {
  constexpr size_t kOtherRows = 3;
  if (!context.ForPeople() || !context.around.out_is_terminal) return paging;
  const size_t rows = context.around.rows ? context.around.rows() : 0;
  if (rows == 0) return paging;
  const auto room = static_cast<int64_t>(std::max(rows, kOtherRows + 1) - kOtherRows);
  if (paging.all || paging.limit > room) paging.limit = room;
  paging.all = false;
  return paging;
}

class Watch {
 public:
  Watch(Context& context, const char* name_key, std::string things,
        const std::function<std::string(const Json& list)>& text)
      : context_(context), name_key_(name_key), things_(std::move(things)), text_(text) {}

  // What was on the terminal before is there again.
  ~Watch() {
    if (WasStopped(nullptr)) on_screen_ = false;
    if (on_screen_) context_.around.out << kLeaveScreen << std::flush;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void Show(const Json& list) {
    Items items = ByName(list, name_key_);
    if (context_.ForPeople()) {
      ShowPeople(list, items);
    } else {
      ShowChanges(list, items);
    }
    context_.around.out << std::flush;
    shown_ = std::move(items);
    first_ = false;
  }

 private:
  void ShowPeople(const Json& list, const Items& items) {
    const bool terminal = context_.around.out_is_terminal;
    if (!terminal && !first_ && items == shown_) return;
    if (terminal) {
      if (WasStopped(kLeaveScreen)) on_screen_ = false;
      context_.around.out << (on_screen_ ? "" : kEnterScreen) << kClearScreen;
      on_screen_ = true;
    } else if (!first_) {
      context_.around.out << "\n";
    }
    context_.around.out << (items.empty() ? "no " + things_ + "\n" : text_(list));
    if (terminal && !Text(list, "next").empty()) {
      context_.around.out << "these are the newest " << items.size() << "\n";
    }
  }

  // Whether the user stopped the process, which took the terminal off the other screen.
  bool WasStopped(const char* parting) {
    return context_.around.write_before_stops && context_.around.write_before_stops(parting);
  }

  // The oldest first, as they happened.
  void ShowChanges(const Json& list, const Items& items) {
    const Json& newest_first = List(list, "items");
    for (auto item = newest_first.rbegin(); item != newest_first.rend(); ++item) {
      if (!item->contains(name_key_)) continue;
      const std::string name = Plain((*item)[name_key_]);
      const auto before = shown_.find(name);
      if (before == shown_.end()) {
        Tell("added", name, *item);
      } else if (before->second != *item) {
        Tell("changed", name, *item);
      }
    }
    if (context_.format != Format::kJson) return;
    for (const auto& [name, item] : shown_) {
      if (items.find(name) == items.end()) Tell("removed", name, item);
    }
  }

  void Tell(const char* change, const std::string& name, const Json& item) {
    if (context_.format == Format::kName) {
      context_.around.out << Sanitise(name) << "\n";
      return;
    }
    const Json line = {{"change", change}, {"item", item}};
    context_.around.out << SanitiseJson(line.dump()) << "\n";
  }

  Context& context_;
  const char* name_key_;
  std::string things_;
  const std::function<std::string(const Json& list)>& text_;
  Items shown_;
  bool first_ = true;
  bool on_screen_ = false;
};

}  // namespace

Outcome<Exit> WatchList(Context& context, const std::string& path, const Query& query,
                        const Paging& paging, const char* name_key, const std::string& things,
                        const std::function<std::string(const Json& list)>& text) {
  Watch watch(context, name_key, things, text);
  int unreachable = 0;
  // From here on an interruption is noticed by the loop, which leaves the terminal as it was.
  if (!context.around.pause(std::chrono::milliseconds(0))) return Exit::kOk;
  do {
    Outcome<Json> list = FetchList(context.client, path, query, Fitting(context, paging));
    context.now = context.around.now();
    if (list) {
      unreachable = 0;
      watch.Show(*list);
    } else if (list.error().exit != Exit::kUnreachable || ++unreachable > kUnreachablePollsMax) {
      return tl::make_unexpected(std::move(list).error());
    } else if (unreachable == 1) {
      Note(context, list.error().message + "; still trying");
    }
  } while (context.around.out && context.around.pause(kPollInterval));
  return Exit::kOk;
}

}  // namespace grant::ctl
