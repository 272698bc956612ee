// Numbers for whoever watches grantd run.
#include "grantd/api/handlers.h"
#include "grantd/metrics/exposition.h"

namespace grant::api {

Result<HttpResponse> Metrics(const Services& services, const Call& /*call*/) {
  HttpResponse response;
  response.content_type = metrics::kContentType;
  response.body = services.metrics();
  return response;
}

}  // namespace grant::api
