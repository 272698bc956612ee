// A store as grantd leaves it after years.
#pragma once

#include <cstddef>
#include <string>

namespace grant::bench {

// Adds so many grants of the signer that `label` names, with their requests: of each hundred, one
// is of `caller` and used up, one of somebody else and in force, the others are over. No grantd may
// be running on the state.
void FillGrants(const std::string& state_dir, size_t grants, const std::string& label,
                const std::string& caller);

// Adds so many signatures to the audit, each with its use.
void FillAudit(const std::string& state_dir, size_t entries, const std::string& label,
               const std::string& caller);

}  // namespace grant::bench
