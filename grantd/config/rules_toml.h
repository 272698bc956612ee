// The rules file of `grantctl apply -f rules.toml`.
#pragma once

#include <map>
#include <string>

#include "grant/error.h"
#include "grantd/domain/rules.h"

namespace grant {

inline constexpr size_t kRulesBytesMax = size_t{512} * 1024;

// `source` names the document in errors ("rules.toml:12: unknown key 'memebers' in [[group]]", hint
// "did you mean 'members'?"). `files` holds the certificate files that the document names, by name.
// The result has passed Validate(), whose errors get the line of what they are about.
Result<Rules> ParseRules(const std::string& document, const std::string& source,
                         const std::map<std::string, std::string>& files,
                         const RulesLookups& lookups = {});

}  // namespace grant
