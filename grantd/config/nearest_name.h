// "Did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grant {

// The name of `known` that `word` is most likely a slip of: the one with the smallest edit
// distance, as long as no more than a third of it (and at least two letters) would change. Empty if
// none is.
std::string NearestName(std::string_view word, const std::vector<std::string>& known);

// A hint made of it: "did you mean 'members'?", or else "known are: members, name".
std::string NearestNameHint(std::string_view word, const std::vector<std::string>& known);

}  // namespace grant
