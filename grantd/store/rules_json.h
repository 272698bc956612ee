// Rules, the policy that a request keeps, and lists of digests, files and scopes as the JSON texts
// they are stored as.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/error.h"
#include "grantd/domain/digest.h"
#include "grantd/domain/named_file.h"
#include "grantd/domain/rules.h"
#include "grantd/domain/scope.h"

namespace grant {

// kInvalid where a text in them is not UTF-8.
Result<std::string> RulesToJson(const Rules& rules);
Result<std::string> PolicyToJson(const Policy& policy);
Result<std::string> DigestsToJson(const std::vector<Digest>& digests);
Result<std::string> FilesToJson(const std::vector<NamedFile>& files);
Result<std::string> ScopesToJson(const std::vector<Scope>& scopes);

// Accept exactly what the functions above write: a member that is missing, unknown or of another
// type is kInternal and named, since only a damaged database holds such a text.
Result<Rules> RulesFromJson(std::string_view text);
Result<Policy> PolicyFromJson(std::string_view text);
Result<std::vector<Digest>> DigestsFromJson(std::string_view text);
Result<std::vector<NamedFile>> FilesFromJson(std::string_view text);
Result<std::vector<Scope>> ScopesFromJson(std::string_view text);

}  // namespace grant
