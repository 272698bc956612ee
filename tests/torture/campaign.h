// Cycles of kill and restart under clients at work, and what came of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/e2e/world.h"
#include "tests/torture/checker.h"
#include "tests/torture/crew.h"
#include "tests/torture/fault.h"
#include "tests/torture/records.h"

namespace grant::test {

struct CampaignReport {
  size_t cycles = 0;
  size_t rounds = 0;                        // state directories
  std::map<std::string, size_t> kills;      // by what they were at
  std::map<std::string, size_t> unreached;  // points that did not come in time; killed then
  int tokens_mended = 0;                    // see SoftHsm::MendTokens
  Tally tally;                              // of all rounds
  std::string last_fault;
  std::vector<std::string> violations;
  std::string kept;  // where its state is left, if there are any
};

// Not for use by a process with more than one thread: it forks its clients.
class Campaign {
 public:
  // The trace of each run is left in `traces`; where that is empty, only the last one is kept.
  Campaign(uint64_t seed, std::string traces);

  // Runs so many cycles, or up to the first violation.
  CampaignReport Run(size_t cycles);

 private:
  void StartRound();
  void Acknowledge();
  Fault NextFault();
  // Whether grantd serves: it may have been killed before.
  bool Start(const Fault& fault);
  // Whether it was killed by the fault, and not because that did not come.
  bool RunCycle(const Fault& fault);
  // Of a grantd that has just started; gives it rules where it has none. False where it was killed
  // meanwhile.
  bool CheckState();
  bool ApplyRules();
  void Report(std::vector<std::string> violations);
  void EndRound();

  std::mt19937_64 chance_;
  World world_;
  Records records_;
  std::vector<std::unique_ptr<Worker>> crew_;
  std::string traces_;
  std::string trace_;         // of this run
  size_t turn_;               // of the faults; a short campaign begins anywhere
  Tally round_;               // as of the last check
  size_t cycle_ = 0;          // within the round; 0: none has begun
  bool is_new_ = true;        // whether the round began with no database
  bool born_ = false;         // whether grantd has served this round's state directory
  bool acknowledged_ = true;  // that there is no mark yet
  CampaignReport report_;
};

}  // namespace grant::test
