// "did you mean ...?"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grant::ctl {

// The candidate that a misspelt word most likely stands for; empty where none is near. Words of
// more than 64 bytes are near nothing.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace grant::ctl
