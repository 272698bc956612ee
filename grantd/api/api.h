// The REST API: from a request to its route, its caller's rights, its handler, and back.
#pragma once

#include <utility>

#include "grantd/api/http.h"
#include "grantd/api/routes.h"
#include "grantd/workflow/workflow.h"

namespace grant::api {

// Any thread may call Handle. It logs one line for each request.
class Api {
 public:
  // `services.workflow` outlives the API.
  explicit Api(Services services) : services_(std::move(services)) {}

  HttpResponse Handle(const HttpRequest& request) const;

 private:
  HttpResponse Dispatch(const HttpRequest& request) const;
  Result<HttpResponse> Serve(const Match& match, const HttpRequest& request) const;

  Services services_;
};

}  // namespace grant::api
