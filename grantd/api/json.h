// What the API shows, as docs/openapi.yaml says; keys stand in its order.
#pragma once

#include <nlohmann/json.hpp>

#include "grantd/workflow/workflow.h"

namespace grant::api {

using Json = nlohmann::ordered_json;

// An open request past its expiry shows as expired, whether or not that is stored yet.
Json RequestJson(const RequestView& view, Time now);
Json GrantJson(const Grant& grant, Time now);
Json FilesJson(const std::vector<NamedFile>& files);
Json UsesJson(const std::vector<Use>& uses);
Json SignerJson(const Signer& signer);
Json PolicyJson(const Policy& policy);
Json RulesJson(const RulesVersion& version);
Json EntryJson(const AuditEntry& entry);

// Null where there are none.
Json HoursJson(const std::optional<HoursForecast>& hours);

Json TextsJson(const std::vector<Principal>& principals);

}  // namespace grant::api
