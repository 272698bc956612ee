// What would become of a request, for people.
#pragma once

#include <string>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"

namespace grant::ctl {

std::string ForecastText(const Json& forecast, bool colour, Instant now);

}  // namespace grant::ctl
