// What a handler's outcome is in HTTP. The only place that knows HTTP statuses.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "grant/error.h"
#include "grantd/api/http.h"

namespace grant::api {

HttpResponse Answer(const nlohmann::ordered_json& json);
HttpResponse Created(const nlohmann::ordered_json& json);
// With the entity tag of this very JSON.
HttpResponse AnswerTagged(const nlohmann::ordered_json& json);
// A list's items come as JSON text already.
HttpResponse AnswerText(std::string json);

// The problem document (RFC 9457) of an error.
HttpResponse Problem(const Error& error);
// The route exists, but not with this method; `allowed` is "GET, POST".
HttpResponse MethodNotAllowed(const std::string& method, const std::string& path,
                              const std::string& allowed);
// A body that is not declared to be what it has to be.
HttpResponse UnsupportedMediaType(const std::string& content_type,
                                  const std::string& wanted = "application/json");

// The fixed name of an error's code, for instance "not-found".
const char* CodeName(Code code);
// The reason phrase of a status that the functions above produce.
const char* Reason(int status);
// Whether an answer of this status means that grantd, not the caller, is at fault; and that it is
// not, but cannot serve now.
bool IsServerFault(int status);
bool IsUnavailable(int status);

}  // namespace grant::api
