#include "tools/grantctl/failure.h"

#include "tools/grantctl/json.h"

namespace grant::ctl {
namespace {

constexpr long kStale = 412;

Exit ExitOfStatus(long status) {
  switch (status) {
    case 401:
      return Exit::kUnauthenticated;
    case 403:
    case 409:
    case kStale:
      return Exit::kRefused;
    case 503:
      return Exit::kUnreachable;
    case 504:
      return Exit::kPending;
    default:
      return Exit::kFailed;
  }
}

}  // namespace

Failure FailureOfAnswer(long status, std::string_view body) {
  Failure failure{ExitOfStatus(status), {}, {}, /*uncertain=*/false, status == kStale};
  const Json problem = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  failure.message = Text(problem, "detail");
  failure.hint = Text(problem, "hint");
  if (failure.message.empty()) failure.message = Text(problem, "title");
  if (failure.message.empty()) {
    failure.message = "grantd answered with HTTP status " + std::to_string(status);
  }
  return failure;
}

}  // namespace grant::ctl
