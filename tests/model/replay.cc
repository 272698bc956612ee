#include "tests/model/replay.h"

#include <algorithm>
#include <optional>

namespace grant::test {
namespace {

constexpr int kNobody = 255;  // NONE of the model

struct Shown {
  std::string what;  // the model's name of it
  int attempt;
};

// Numbers the uses in the order in which they were counted. One whose transaction was lost has its
// number of the audit given to another later.
class Attempts {
 public:
  int Count(int64_t use) {
    current_[use] = count();
    has_signature_.push_back(false);
    return current_[use];
  }
  std::optional<int> Find(int64_t use) const {
    const auto found = current_.find(use);
    if (found == current_.end()) return std::nullopt;
    return found->second;
  }
  void Sign(int attempt) { has_signature_[static_cast<size_t>(attempt)] = true; }
  int count() const { return static_cast<int>(has_signature_.size()); }
  const std::vector<bool>& has_signature() const { return has_signature_; }

 private:
  std::map<int64_t, int> current_;
  std::vector<bool> has_signature_;
};

const std::map<std::string, std::string>& NamesOfUses() {
  static const std::map<std::string, std::string> names = {
      {"spend.committed", "SPEND_COMMITTED"},
      {"token.failed", "TOKEN_FAILED"},
      {"withhold", "WITHHOLD"},
      {"reply.before", "REPLY_BEFORE"},
      {"reply.after", "REPLY_AFTER"},
      {"settle.recorded", "SETTLE_RECORDED"},
      {"recover.recorded", "RECOVER_RECORDED"}};
  return names;
}

const std::map<std::string, std::string>& NamesOfRevocations() {
  static const std::map<std::string, std::string> names = {
      {"revoke.recorded", "REVOKE_RECORDED"},
      {"revoke.committed", "REVOKE_COMMITTED"},
      {"revoke.withdrawn", "REVOKE_WITHDRAWN"}};
  return names;
}

std::optional<Shown> Show(const TraceLine& line, const std::string& grant_id, Attempts& attempts) {
  if (line.point == "start") return Shown{"STARTED", kNobody};
  if (line.point == "spend.counted") {
    if (line.subject != grant_id) return std::nullopt;
    return Shown{"SPEND_COUNTED", attempts.Count(line.use)};
  }
  if (const auto name = NamesOfRevocations().find(line.point); name != NamesOfRevocations().end()) {
    if (line.subject != grant_id) return std::nullopt;
    return Shown{name->second, kNobody};
  }
  const auto name = NamesOfUses().find(line.point);
  if (name == NamesOfUses().end()) return std::nullopt;
  const auto attempt = attempts.Find(line.use);
  if (!attempt) return std::nullopt;
  if (line.point == "reply.before" || line.point == "withhold") attempts.Sign(*attempt);
  return Shown{name->second, *attempt};
}

std::string Assign(const std::string& array, size_t index, const std::string& value) {
  return "    " + array + "[" + std::to_string(index) + "] = " + value + ";\n";
}

std::string TextOf(const std::vector<Shown>& shown, const std::vector<bool>& has_signature) {
  std::string values;
  for (size_t i = 0; i < shown.size(); ++i) {
    values += Assign("trace_shown", i, shown[i].what);
    values += Assign("trace_use", i, std::to_string(shown[i].attempt));
  }
  for (size_t i = 0; i < has_signature.size(); ++i) {
    values += Assign("trace_signed", i, has_signature[i] ? "true" : "false");
  }
  return "#define LENGTH " + std::to_string(shown.size()) +
         "\nhidden byte trace_shown[LENGTH];\nhidden byte trace_use[LENGTH];\n"
         "hidden byte trace_signed[ATTEMPTS];\n"
         "inline Record() {\n  d_step {\n" +
         values + "    skip\n  }\n}\n";
}

}  // namespace

Replay MakeReplay(const std::vector<TraceLine>& trace, const std::string& grant_id, int count) {
  Attempts attempts;
  std::vector<Shown> shown;
  for (const TraceLine& line : trace) {
    if (auto step = Show(line, grant_id, attempts)) shown.push_back(*std::move(step));
  }
  // The model begins with the process up.
  if (!shown.empty() && shown.front().what == "STARTED") shown.erase(shown.begin());
  const auto times = [&shown](const char* what) {
    return std::to_string(std::ranges::count(shown, what, &Shown::what));
  };
  Replay replay;
  replay.attempts = attempts.count();
  replay.definitions = {{"ATTEMPTS", std::to_string(attempts.count())},
                        {"COUNT", std::to_string(count)},
                        {"CRASHES", times("STARTED")},
                        {"REVOCATIONS", times("REVOKE_RECORDED")},
                        {"FAILURES", "0"}};
  replay.trace = TextOf(shown, attempts.has_signature());
  return replay;
}

}  // namespace grant::test
