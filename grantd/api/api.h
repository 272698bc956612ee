// The REST API: from a request to its route, its caller's rights, its handler, and back.
#pragma once

#include "grantd/api/http.h"
#include "grantd/api/routes.h"
#include "grantd/workflow/workflow.h"

namespace grant::api {

// Any thread may call Handle. It logs one line for each request.
class Api {
 public:
  // `workflow` outlives the API. `tokens` tells which tokens grantd serves and whether they are
  // there.
  Api(Workflow& workflow, std::function<std::vector<TokenPresence>()> tokens);

  HttpResponse Handle(const HttpRequest& request) const;

 private:
  HttpResponse Dispatch(const HttpRequest& request) const;
  Result<HttpResponse> Serve(const Match& match, const HttpRequest& request) const;

  Services services_;
};

}  // namespace grant::api
