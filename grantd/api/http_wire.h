// A response as it stands on the wire (RFC 9112).
#pragma once

#include <string>

#include "grantd/api/http.h"

namespace grant::api {

struct Framing {
  bool keep_alive = false;
  bool head_only = false;  // the answer to HEAD: the body's length, but not the body
};

std::string WireText(const HttpResponse& response, Framing framing);

}  // namespace grant::api
