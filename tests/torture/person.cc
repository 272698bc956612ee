#include "tests/torture/person.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <random>
#include <string_view>

#include "tools/grantctl/client.h"
#include "tools/grantctl/json.h"

namespace grant::test {
namespace {

using ctl::Json;

constexpr size_t kOpenWanted = 8;
constexpr int kPauseUsMax = 2000;
constexpr std::string_view kIgnored = "01234567";  // of the 32 that an ID may end in

// grantd is gone, or about to be.
struct Gone {};

class Person {
 public:
  Person(PersonOptions options, const Records& records)
      : options_(std::move(options)), records_(records), chance_(options_.seed) {}

  template <typename Act>
  void ActUntilGone(Act act) {
    // A new one, because a connection to the grantd before would only say that it is gone.
    client_ = std::make_unique<ctl::Client>(options_.api);
    try {
      for (;;) {
        act();
        usleep(static_cast<useconds_t>(Roll(kPauseUsMax)));
      }
    } catch (const Gone&) {
    }
  }

  size_t Roll(size_t sides) { return chance_() % sides; }
  bool Percent(size_t percent) { return Roll(100) < percent; }

  Json List(const std::string& path, const ctl::Query& query) {
    auto answer = client_->Get(path, query);
    if (!answer) {
      Weigh(path, answer.error());
      throw Gone();
    }
    return ctl::List(*answer, "items");
  }

  // Records that it was answered, unless it was refused: others may have been faster.
  std::optional<Json> Change(const std::string& what, const std::string& path, const Json& body) {
    auto answer = client_->Post(path, body);
    if (!answer) {
      Weigh(path, answer.error());
      return std::nullopt;
    }
    const std::string id = what == "rules" ? std::to_string(ctl::Number(*answer, "version"))
                                           : ctl::Text(*answer, "id");
    const std::string status = ctl::Text(*answer, "status");
    records_.Append(Acknowledged{what, id, options_.principal, status.empty() ? "-" : status,
                                 MonotonicNanoseconds()});
    return *std::move(answer);
  }

  // One of the list, or nothing where it is empty.
  std::optional<std::string> AnyId(const Json& list) {
    if (list.empty()) return std::nullopt;
    return ctl::Text(list[Roll(list.size())], "id");
  }

 private:
  // Nothing that is asked for is wrong in itself.
  void Weigh(const std::string& path, const ctl::Failure& failure) const {
    if (failure.exit == ctl::Exit::kUnreachable) throw Gone();
    if (failure.exit == ctl::Exit::kFailed) records_.AppendFault(path + ": " + failure.message);
  }

  PersonOptions options_;
  const Records& records_;
  std::mt19937_64 chance_;
  std::unique_ptr<ctl::Client> client_;
};

class Requester {
 public:
  Requester(const PersonOptions& options, std::vector<std::string> signers,
            std::vector<std::string> rules, const Records& records)
      : person_(options, records), signers_(std::move(signers)), rules_(std::move(rules)) {}

  void Shift() {
    person_.ActUntilGone([this] { Act(); });
  }

 private:
  void Act() {
    const Json open = person_.List("/v1/requests", {{"status", "open"}, {"limit", "20"}});
    if (open.size() < kOpenWanted) {
      person_.Change("filed", "/v1/requests",
                     {{"signer", signers_[person_.Roll(signers_.size())]},
                      {"signings", person_.Roll(8) + 1},
                      {"window", {{"duration", "1h"}}},
                      {"justification", "torture"},
                      {"new", true}});
    }
    if (person_.Percent(1)) {
      if (const auto id = person_.AnyId(open)) {
        person_.Change("cancelled", "/v1/requests/" + *id + "/cancel", {{"comment", "never mind"}});
      }
    }
    if (person_.Percent(15)) EndAGrant();
    if (person_.Percent(15)) {
      person_.Change("rules", "/v1/rules",
                     {{"document", rules_[++applied_ % rules_.size()]},
                      {"source", "rules.toml"},
                      {"files", Json::object()}});
    }
  }

  void EndAGrant() {
    const Json live = person_.List("/v1/grants", {{"status", "active"}, {"limit", "20"}});
    if (const auto id = person_.AnyId(live)) {
      const std::string how = person_.Percent(25) ? "release" : "revoke";
      person_.Change("ended", "/v1/grants/" + *id + "/" + how, {{"reason", "torture"}});
    }
  }

  Person person_;
  std::vector<std::string> signers_;
  std::vector<std::string> rules_;
  size_t applied_ = 0;  // each time other ones, so that they are a change
};

class Approver {
 public:
  Approver(const PersonOptions& options, std::string ignored_signer, const Records& records)
      : person_(options, records), ignored_signer_(std::move(ignored_signer)) {}

  void Shift() {
    person_.ActUntilGone([this] { Act(); });
  }

 private:
  void Act() {
    const Json waiting = person_.List("/v1/requests", {{"awaiting", "me"}, {"limit", "20"}});
    for (const Json& request : waiting) {
      if (!IsIgnored(request)) ActOn("/v1/requests/" + ctl::Text(request, "id"));
    }
  }

  // Some that expire soon are left to it, by all approvers the same.
  bool IsIgnored(const Json& request) const {
    return ctl::Text(request, "signer") == ignored_signer_ &&
           kIgnored.find(ctl::Text(request, "id").back()) != std::string_view::npos;
  }

  void ActOn(const std::string& path) {
    const size_t roll = person_.Roll(100);
    if (roll < 80) {
      person_.Change("decided", path + "/approve", {{"comment", "fine"}});
    } else if (roll < 90) {
      person_.Change("decided", path + "/reject", {{"comment", "not now"}});
    } else {
      person_.Change("commented", path + "/comment", {{"text", "what for?"}});
    }
  }

  Person person_;
  std::string ignored_signer_;
};

}  // namespace

Worker::Prepare RequesterWork(const PersonOptions& options, const std::vector<std::string>& signers,
                              const std::vector<std::string>& rules, const Records& records) {
  return [=, &records] {
    auto requester = std::make_shared<Requester>(options, signers, rules, records);
    return [requester] { requester->Shift(); };
  };
}

Worker::Prepare ApproverWork(const PersonOptions& options, const std::string& ignored_signer,
                             const Records& records) {
  return [=, &records] {
    auto approver = std::make_shared<Approver>(options, ignored_signer, records);
    return [approver] { approver->Shift(); };
  };
}

}  // namespace grant::test
