// A database as an earlier grantd left it.
#pragma once

#include <cstdint>
#include <string>

namespace grant::test {

// With this version of the schema, and one approved request with its grant, both in the audit.
// Throws std::runtime_error.
void MakeOldDatabase(const std::string& state_dir, int64_t schema_version);

}  // namespace grant::test
