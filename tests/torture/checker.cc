#include "tests/torture/checker.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>

namespace grant::test {
namespace {

constexpr std::array kEnds = {"approved", "rejected", "cancelled", "expired"};

struct Explanation {
  std::string_view outcome;
  const char* event;
};
constexpr std::array kExplanations = {Explanation{"returned", "signature.returned"},
                                      Explanation{"withheld", "signature.refused"},
                                      Explanation{"unsettled", "signature.unsettled"}};

class Checker {
 public:
  Checker(const Testimony& told, const State& state) : told_(told), state_(state) {
    for (const Delivered& one : told.delivered) ++deliveries_[one.digest];
    for (const StoredUse& use : state.uses) {
      if (!use.digest.empty()) ++uses_of_digest_[use.digest];
      use_of_digest_[use.digest] = &use;
    }
    for (const StoredGrant& grant : state.grants) grants_[grant.id] = &grant;
    for (const StoredRequest& request : state.requests) requests_[request.id] = &request;
    for (const StoredEntry& entry : state.audit) {
      ++entries_[entry.event + " " + entry.subject];
      if (entry.event == "signature.spent") {
        spent_.insert(entry.number);
      } else if (entry.use != 0) {
        ++explanations_[entry.event + " " + std::to_string(entry.use)];
      }
      if (entry.event == "grant.revoked" || entry.event == "grant.released") {
        ended_at_.emplace(entry.subject, entry.number);
      }
    }
  }

  Findings Run() && {
    if (state_.chain_fault) Report("the audit chain: " + *state_.chain_fault);
    CheckDeliveries();
    CheckGivenBack();
    CheckUses();
    CheckGrants();
    CheckRequests();
    CheckAcknowledged();
    findings_.tally.delivered = told_.delivered.size();
    findings_.tally.given_back = told_.given_back.size();
    findings_.tally.uses = state_.uses.size();
    findings_.tally.grants = state_.grants.size();
    return std::move(findings_);
  }

 private:
  void Report(std::string what) { findings_.violations.push_back(std::move(what)); }

  int Entries(const std::string& event, const std::string& subject) const {
    const auto found = entries_.find(event + " " + subject);
    return found == entries_.end() ? 0 : found->second;
  }

  int Explanations(const std::string& event, const StoredUse& use) const {
    const auto found = explanations_.find(event + " " + std::to_string(use.id));
    return found == explanations_.end() ? 0 : found->second;
  }

  // Each outcome but "signed" has its own explanation, once, and none has another's.
  void CheckExplanation(const StoredUse& use, bool delivered) {
    const std::string name = "use " + std::to_string(use.id) + " is " + use.outcome;
    bool explained = delivered && use.outcome == "signed";
    for (const auto& [outcome, event] : kExplanations) {
      const int told = Explanations(event, use);
      if (told == 1 && use.outcome == outcome) explained = true;
      if (told > (use.outcome == outcome ? 1 : 0)) {
        Report(name + " and has " + std::to_string(told) + " entries " + event);
      }
    }
    if (!explained) Report(name + (delivered ? "" : ", undelivered") + ", unexplained");
  }

  void CheckDeliveries() {
    for (const auto& [digest, times] : deliveries_) {
      const auto uses = uses_of_digest_.find(digest);
      if (uses == uses_of_digest_.end()) {
        Report("the signature of " + digest + " was delivered and has no use");
      } else if (uses->second != 1 || times != 1) {
        Report(digest + " was signed once, and has " + std::to_string(uses->second) + " uses and " +
               std::to_string(times) + " deliveries");
      }
    }
    std::unordered_map<std::string, int64_t> ends;
    for (const Acknowledged& one : told_.acknowledged) {
      if (one.what == "ended") ends.emplace(one.id, one.answered_at);
    }
    for (const Delivered& one : told_.delivered) {
      const auto use = use_of_digest_.find(one.digest);
      if (use == use_of_digest_.end()) continue;
      const auto end = ends.find(use->second->grant_id);
      if (end != ends.end() && one.asked_at > end->second) {
        Report("use " + std::to_string(use->second->id) + " was delivered after the end of " +
               end->first + " was acknowledged");
      }
    }
  }

  void CheckGivenBack() {
    for (const auto& [digest] : told_.given_back) {
      const auto uses = uses_of_digest_.find(digest);
      const int count = uses == uses_of_digest_.end() ? 0 : uses->second;
      if (count != 1) {
        Report(digest + " was given back once, and has " + std::to_string(count) + " uses");
        continue;
      }
      const StoredUse& use = *use_of_digest_.at(digest);
      if (use.outcome != "returned") {
        Report("use " + std::to_string(use.id) + " was given back, and is " + use.outcome);
      }
    }
  }

  void CheckUses() {
    for (const StoredUse& use : state_.uses) {
      const std::string name = "use " + std::to_string(use.id);
      if (spent_.erase(use.id) == 0) Report(name + " has no signature.spent in the audit");
      const bool delivered = !use.digest.empty() && deliveries_.count(use.digest) != 0;
      if (use.outcome == "pending") Report(name + " is still pending after a start");
      if (delivered && use.outcome != "signed" && use.outcome != "unsettled") {
        Report(name + " was delivered and is " + use.outcome);
      }
      if (!delivered) ++findings_.tally.lost[use.outcome];
      CheckExplanation(use, delivered);
      const auto end = ended_at_.find(use.grant_id);
      if (end != ended_at_.end() && use.id > end->second) {
        Report(name + " was spent after the end of " + use.grant_id);
      }
    }
    for (const int64_t number : spent_) {
      Report("entry " + std::to_string(number) + " is signature.spent without a use");
    }
  }

  void CheckGrants() {
    std::unordered_map<std::string, int64_t> counted;
    std::unordered_map<std::string, int64_t> delivered;
    for (const StoredUse& use : state_.uses) {
      if (use.grant_id.empty()) continue;
      if (grants_.count(use.grant_id) == 0) Report("there is no grant " + use.grant_id);
      if (use.outcome != "returned") ++counted[use.grant_id];
      if (!use.digest.empty() && deliveries_.count(use.digest) != 0) ++delivered[use.grant_id];
    }
    for (const StoredGrant& grant : state_.grants) {
      const auto numbers = [&] {
        return std::to_string(delivered[grant.id]) + " delivered, " +
               std::to_string(counted[grant.id]) + " uses, " + std::to_string(grant.used) + " of " +
               std::to_string(grant.max_signings) + " counted";
      };
      if (grant.used > grant.max_signings || delivered[grant.id] > grant.max_signings ||
          delivered[grant.id] > grant.used || counted[grant.id] != grant.used) {
        Report(grant.id + ": " + numbers());
      }
      const int spent = Entries("signature.spent", grant.id);
      const int returned = Entries("signature.returned", grant.id);
      if (spent - returned != grant.used) {
        Report(grant.id + ": " + std::to_string(spent) + " spent and " + std::to_string(returned) +
               " given back in the audit, " + std::to_string(grant.used) + " counted");
      }
      if (Entries("grant.issued", grant.id) != 1) Report(grant.id + " was not issued once");
      if (grant.ended != (ended_at_.count(grant.id) == 1)) {
        Report(grant.id + " and the audit differ about its end");
      }
      findings_.tally.ended_grants += grant.ended ? 1 : 0;
    }
  }

  void CheckRequests() {
    std::unordered_map<std::string, std::vector<std::string>> grants;
    for (const StoredGrant& grant : state_.grants) grants[grant.request_id].push_back(grant.id);
    for (const StoredRequest& request : state_.requests) {
      ++findings_.tally.requests[request.status];
      const auto& issued = grants[request.id];
      const bool approved = request.status == "approved";
      if (issued.size() != (approved ? 1 : 0) ||
          request.grant_id != (approved && !issued.empty() ? issued.front() : "")) {
        Report(request.id + " is " + request.status + " and has " + std::to_string(issued.size()) +
               " grants");
      }
      if (Entries("request.filed", request.id) != 1) Report(request.id + " was not filed once");
      for (const char* end : kEnds) {
        const int told = Entries(std::string("request.") + end, request.id);
        if (told != (request.status == end ? 1 : 0)) {
          Report(request.id + " is " + request.status + " and " + std::to_string(told) + " times " +
                 end + " in the audit");
        }
      }
    }
  }

  void CheckAcknowledged() {
    std::set<std::string> decisions;
    for (const StoredDecision& one : state_.decisions) {
      decisions.insert(one.request_id + " " + one.approver);
    }
    for (const Acknowledged& one : told_.acknowledged) {
      const std::string told =
          one.what + " " + one.id + " (" + one.status + ") of " + one.by + " was acknowledged ";
      if (one.what == "rules") {
        if (std::stoll(one.id) > state_.rules_version) Report(told + "and is gone");
        continue;
      }
      if (one.what == "ended") {
        const auto grant = grants_.find(one.id);
        if (grant == grants_.end() || !grant->second->ended) Report(told + "and is gone");
        continue;
      }
      const auto request = requests_.find(one.id);
      if (request == requests_.end()) {
        Report(told + "and is gone");
        continue;
      }
      const std::string& status = request->second->status;
      // One that is overdue is shown as expired before that is recorded.
      const bool is_still_open = one.status == "expired" && status == "open";
      if (one.status != "open" && one.status != status && !is_still_open) {
        Report(told + "and now is " + status);
      }
      if (one.what == "decided" && decisions.count(one.id + " " + one.by) == 0) {
        Report(told + "and is not among the decisions");
      }
    }
  }

  const Testimony& told_;
  const State& state_;
  std::unordered_map<std::string, int> deliveries_;  // by digest
  std::unordered_map<std::string, int> uses_of_digest_;
  std::unordered_map<std::string, const StoredUse*> use_of_digest_;
  std::unordered_map<std::string, const StoredGrant*> grants_;
  std::unordered_map<std::string, const StoredRequest*> requests_;
  std::unordered_map<std::string, int> entries_;       // by event and subject
  std::set<int64_t> spent_;                            // numbers of signature.spent
  std::unordered_map<std::string, int> explanations_;  // by event and use
  std::unordered_map<std::string, int64_t> ended_at_;  // by grant: the entry that ends it
  Findings findings_;
};

}  // namespace

Findings Check(const Testimony& told, const State& state) {
  return Checker(told, state).Run();
}

std::vector<std::string> CheckTrace(const std::vector<TraceLine>& trace) {
  std::vector<std::string> violations;
  std::set<int64_t> committed;
  std::set<int64_t> failed;
  std::set<int64_t> replied;
  std::set<std::string> withdrawn;
  for (const TraceLine& line : trace) {
    const std::string name = "trace: use " + std::to_string(line.use) + " goes out ";
    if (line.point == "spend.committed") {
      committed.insert(line.use);
    } else if (line.point == "token.failed") {
      failed.insert(line.use);
    } else if (line.point == "revoke.withdrawn") {
      withdrawn.insert(line.subject);
    } else if (line.point == "reply.before") {
      if (committed.count(line.use) == 0) violations.push_back(name + "before it is durable");
      if (failed.count(line.use) != 0) violations.push_back(name + "after the token gave none");
      if (!replied.insert(line.use).second) violations.push_back(name + "twice");
      if (withdrawn.count(line.subject) != 0) {
        violations.push_back(name + "after the end of " + line.subject);
      }
    }
  }
  return violations;
}

}  // namespace grant::test
