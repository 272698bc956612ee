// A request's window, as bodies hold it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "grant/error.h"
#include "grantd/domain/request.h"

namespace grant::api {

// {"duration":"2h"}, or {"from":T,"until":T}; which of them make a window is for the request to
// say.
Result<Window> ReadWindow(const nlohmann::json& object);

}  // namespace grant::api
