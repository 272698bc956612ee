// What must hold after every crash. Plain data in, sentences out: so a test can show that each
// breach is seen.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/torture/records.h"
#include "tests/torture/state.h"
#include "tests/torture/trace.h"

namespace grant::test {

// What became of the uses without a delivered signature, and what was looked at.
struct Tally {
  size_t delivered = 0;
  size_t uses = 0;
  size_t given_back = 0;                   // as clients were told
  std::map<std::string, size_t> lost;      // by outcome, all of them explained
  std::map<std::string, size_t> requests;  // by status
  size_t grants = 0;
  size_t ended_grants = 0;
};

struct Findings {
  std::vector<std::string> violations;
  Tally tally;
};

// To be called of a grantd that has started again, before anybody uses it: then every use of the
// runs before is settled.
//
// - No grant has more delivered signatures than uses, nor more uses than it was issued for; what it
//   counts is the number of its uses that were not given back.
// - A delivered signature has exactly one use, and that its audit entry.
// - A use is explained by the one entry of its outcome, and not by another: given back, withheld or
//   unsettled. One without a delivered signature has such an entry.
// - What a client was told was given back has exactly one use, which was. What the audit says that
//   a grant spent, less what it says was given back, is what the grant counts.
// - No signature was asked for after the answer to its grant's end and then delivered, and no use
//   follows the end in the audit.
// - A request is open or ended in one way, which the audit tells once; it has one grant if it was
//   approved, else none.
// - What was acknowledged is there.
// - The audit chain is intact, and no client saw what it must not see.
Findings Check(const Testimony& told, const State& state);

// Of one run of grantd, or several: a signature goes out only after its use is durable, at most
// once, never after the token gave none, and never after its grant's end has taken hold.
std::vector<std::string> CheckTrace(const std::vector<TraceLine>& trace);

}  // namespace grant::test
