// A database whose write-ahead log is about to be moved into it.
#pragma once

#include <string>

namespace grant::test {

// Changes nothing in the database, in so many transactions that grantd moves the log at its next
// commit. Of a database that nobody has open. Throws std::runtime_error.
void LengthenLog(const std::string& state_dir);

}  // namespace grant::test
