#include "grantd/workflow/audit_detail.h"

#include <nlohmann/json.hpp>

namespace grant {
namespace {

template <typename T>
nlohmann::json Texts(const std::vector<T>& values) {
  nlohmann::json texts = nlohmann::json::array();
  for (const T& value : values) texts.push_back(value.text());
  return texts;
}

nlohmann::json Names(const std::vector<NamedFile>& files) {
  nlohmann::json names = nlohmann::json::array();
  for (const NamedFile& file : files) {
    names.push_back({{"name", file.name}, {"digest", file.digest.text()}});
  }
  return names;
}

}  // namespace

std::string Detail(const nlohmann::json& detail) {
  return detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

AuditEvent EventOf(std::string_view event, const Request& request, const Principal& actor, Time now,
                   const std::string& detail) {
  return {now, std::string(event), actor, request.id, request.signer, detail};
}

void AddNarrowing(nlohmann::json& detail, const Narrowing& narrowing) {
  if (narrowing.signings) detail["narrowed"]["signings"] = *narrowing.signings;
  if (narrowing.window) detail["narrowed"]["window"] = FormatDuration(*narrowing.window);
}

std::string FilingDetail(const Request& request) {
  nlohmann::json detail = {{"signings", request.signings},
                           {"justification", request.justification},
                           {"policy", request.policy.name},
                           {"expires_at", FormatTime(request.expires_at)},
                           {"digests", Texts(request.digests)}};
  if (request.window.duration) detail["window"] = FormatDuration(*request.window.duration);
  if (request.window.from) detail["from"] = FormatTime(*request.window.from);
  if (request.window.until) detail["until"] = FormatTime(*request.window.until);
  if (!request.files.empty()) detail["files"] = Names(request.files);
  if (!request.scopes.empty()) detail["scopes"] = Texts(request.scopes);
  if (request.secret_hash) detail["has_secret"] = true;
  return Detail(detail);
}

std::string IssueDetail(const Grant& grant) {
  nlohmann::json detail = {{"request", grant.request_id},
                           {"holder", grant.holder.text()},
                           {"max_signings", grant.max_signings},
                           {"not_before", FormatTime(grant.not_before)},
                           {"not_after", FormatTime(grant.not_after)},
                           {"digests", Texts(grant.digests)}};
  if (!grant.scopes.empty()) detail["scopes"] = Texts(grant.scopes);
  if (grant.secret_hash) detail["has_secret"] = true;
  return Detail(detail);
}

}  // namespace grant
