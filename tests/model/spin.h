// Runs the model checker spin on signature.pml.
#pragma once

#include <map>
#include <string>

namespace grant::test {

// Whether spin and a C compiler for its checkers are there.
bool HasSpin();

struct Verdict {
  bool violated = false;
  std::string assertion;  // the one that failed first, as spin puts it
  std::string output;
};

// Searches all that the model can do with these definitions. `trace`, where it is not empty, is the
// text of trace.pml. Throws where the model does not compile or the search is not exhaustive.
Verdict Search(const std::map<std::string, std::string>& definitions,
               const std::string& trace = {});

}  // namespace grant::test
