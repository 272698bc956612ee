// Keys and findings about them, for people.
#pragma once

#include <string>

#include "tools/grantctl/json.h"

namespace grant::ctl {

std::string NewKeyBlock(const Json& key, bool colour);
std::string KeyReportText(const Json& report, bool colour);

// The critical findings that are not acknowledged, one name a line.
std::string StandingNames(const Json& report);

}  // namespace grant::ctl
