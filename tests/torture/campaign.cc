#include "tests/torture/campaign.h"

#include <sys/stat.h>

#include <exception>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include "grantd/store/schema.h"
#include "tests/torture/long_log.h"
#include "tests/torture/old_database.h"
#include "tests/torture/person.h"
#include "tests/torture/scenario.h"
#include "tests/torture/signer.h"
#include "tests/torture/state.h"
#include "tests/torture/trace.h"

namespace grant::test {
namespace {

constexpr size_t kCyclesPerRound = 40;
constexpr size_t kExactRounds = 2;  // in which each point of a birth is sure to come
constexpr int kSigners = 3;

void Add(Tally& sum, const Tally& more) {
  sum.delivered += more.delivered;
  sum.given_back += more.given_back;
  sum.uses += more.uses;
  sum.grants += more.grants;
  sum.ended_grants += more.ended_grants;
  for (const auto& [outcome, count] : more.lost) sum.lost[outcome] += count;
  for (const auto& [status, count] : more.requests) sum.requests[status] += count;
}

}  // namespace

Campaign::Campaign(uint64_t seed, std::string traces)
    : chance_(seed),
      world_(scenario::Keys()),
      records_(world_.directory().path()),
      traces_(std::move(traces)),
      turn_(chance_() % 1000) {
  if (!traces_.empty()) std::filesystem::create_directories(traces_);
  world_.UseDaemon(GRANTD_WITH_FAILPOINTS_PROGRAM);
  world_.UseModule(FICKLE_TOKEN_MODULE);
  world_.ConfigureEnvironment("FICKLE_TOKEN_MODULE", SoftHsm::Module());
  world_.ConfigureSite("max_open_requests = 100\n");
  const std::string errors = world_.directory() / "clients.err";
  for (int i = 0; i < kSigners; ++i) {
    const SignerOptions options{"unix:" + world_.gate_path(), scenario::SigningKeys(), 2,
                                chance_()};
    crew_.push_back(std::make_unique<Worker>("signer " + std::to_string(i), 0, errors,
                                             SignerWork(options, records_)));
  }
  const PersonOptions requester{world_.api_path(), PrincipalOf(geteuid()), chance_()};
  crew_.push_back(std::make_unique<Worker>(
      "requester", 0, errors,
      RequesterWork(requester, scenario::CountedSigners(), scenario::Rules(), records_)));
  for (const uid_t uid : scenario::Approvers()) {
    const PersonOptions approver{world_.api_path(), PrincipalOf(uid == 0 ? geteuid() : uid),
                                 chance_()};
    crew_.push_back(
        std::make_unique<Worker>("approver " + approver.principal, uid, errors,
                                 ApproverWork(approver, scenario::BriefSigner(), records_)));
  }
}

CampaignReport Campaign::Run(size_t cycles) {
  try {
    for (size_t i = 0; i < cycles && report_.violations.empty(); ++i) {
      if (cycle_ == kCyclesPerRound) EndRound();
      if (!report_.violations.empty()) break;
      if (cycle_ == 0) StartRound();
      ++cycle_;
      ++report_.cycles;
      const Fault fault = NextFault();
      report_.last_fault = fault.name();
      const bool reached = RunCycle(fault);
      ++(reached ? report_.kills : report_.unreached)[fault.name()];
    }
    if (report_.violations.empty() && cycle_ > 0) EndRound();
  } catch (const std::exception& error) {
    report_.violations.emplace_back(error.what());
  }
  if (!report_.violations.empty()) {
    world_.Keep();
    report_.kept = world_.directory().path();
  }
  return report_;
}

bool Campaign::RunCycle(const Fault& fault) {
  if (!Start(fault) || !CheckState()) return true;
  born_ = true;
  // An earlier grantd left no mark beside its database.
  if (!acknowledged_) {
    Acknowledge();
    if (!acknowledged_) {
      if (!world_.IsKilledWithin(fault.limit)) world_.Kill();
      return true;
    }
  }
  // What broke a promise is left as it is.
  if (!report_.violations.empty()) return true;
  for (const auto& worker : crew_) worker->Go();
  const bool killed = world_.IsKilledWithin(fault.limit);
  if (!killed) world_.Kill();
  for (const auto& worker : crew_) worker->AwaitIdle();
  Report(CheckTrace(ReadTrace(trace_)));
  return killed || !fault.point;
}

void Campaign::StartRound() {
  ++report_.rounds;
  born_ = false;
  const std::string state = world_.directory() / "state";
  std::filesystem::remove_all(state);
  mkdir(state.c_str(), 0700);
  records_.Clear();
  // Every other one is as an earlier grantd left it.
  is_new_ = report_.rounds % 2 != 0;
  acknowledged_ = is_new_;
  if (!is_new_) {
    MakeOldDatabase(state, 1 + static_cast<int64_t>(chance_() % (SchemaVersion() - 1)));
  }
}

Fault Campaign::NextFault() {
  if (!born_) {
    const bool exactly = report_.rounds <= kExactRounds;
    const auto fault = FaultOfBirth(is_new_, cycle_ - 1, exactly, chance_);
    return fault ? *fault : FaultAtRandom(chance_);
  }
  return FaultAtWork(turn_++, chance_);
}

bool Campaign::Start(const Fault& fault) {
  trace_ = traces_.empty() ? world_.directory() / "trace"
                           : traces_ + "/" + std::to_string(report_.cycles);
  std::filesystem::remove(trace_);
  report_.tokens_mended += world_.softhsm().MendTokens();
  if (fault.needs_long_log()) LengthenLog(world_.directory() / "state");
  Environment environment = fault.environment();
  environment["FAILPOINT_TRACE"] = trace_;
  return world_.StartUnlessKilled(environment);
}

bool Campaign::CheckState() {
  State state;
  try {
    state = ReadState(world_.directory() / "state");
  } catch (const std::exception&) {
    // What a kill left can be read again once grantd has started on it.
    if (world_.IsKilledWithin(std::chrono::milliseconds(0))) return false;
    throw;
  }
  Findings findings = Check(records_.ReadTestimony(), state);
  round_ = std::move(findings.tally);
  Report(std::move(findings.violations));
  if (state.schema_version != SchemaVersion()) {
    Report({"grantd serves a database of another schema"});
  }
  Report(records_.ReadFaults());
  return state.rules_version > 0 || ApplyRules();
}

bool Campaign::ApplyRules() {
  const std::string rules = world_.directory().Write("rules.toml", scenario::Rules().front());
  const Outcome outcome = world_.Ctl({"apply", "-f", rules, "--yes"});
  if (outcome.exit_code == 0) return true;
  if (world_.IsKilledWithin(std::chrono::milliseconds(0))) return false;
  throw std::runtime_error("grantctl apply: " + outcome.output);
}

void Campaign::Report(std::vector<std::string> violations) {
  std::move(violations.begin(), violations.end(), std::back_inserter(report_.violations));
}

// Refused where it was done before the answer could come.
void Campaign::Acknowledge() {
  constexpr int kRefused = 3;
  const int exit = world_.Ctl({"audit", "acknowledge", "--reason", "upgraded"}).exit_code;
  acknowledged_ = exit == 0 || exit == kRefused;
}

// What the last kill left is looked at too, and grantd's own word on its audit asked.
void Campaign::EndRound() {
  report_.tokens_mended += world_.softhsm().MendTokens();
  world_.Start();
  if (!acknowledged_) Acknowledge();
  CheckState();
  const auto audit = world_.CtlJson({"audit", "verify"});
  if (audit.at("intact") != true) Report({"audit verify: " + audit.dump()});
  world_.Stop();
  Add(report_.tally, round_);
  cycle_ = 0;
}

}  // namespace grant::test
