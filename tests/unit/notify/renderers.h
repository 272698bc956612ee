// Renders requests and grants as their IDs alone.
#pragma once

#include <nlohmann/json.hpp>

#include "grantd/notify/webhook_message.h"

namespace grant {

inline const Renderers kRenderers{[](const RequestView& view, Time) {
                                    return nlohmann::ordered_json{{"id", view.request.id}};
                                  },
                                  [](const Grant& held, Time) {
                                    return nlohmann::ordered_json{{"id", held.id}};
                                  }};

}  // namespace grant
