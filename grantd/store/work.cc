#include "grantd/store/work.h"

#include <exception>
#include <string>

namespace grant {

Status RunWork(const Work& work, sql::Connection& connection) {
  try {
    Tables tables(connection);
    return work(tables);
  } catch (const std::exception& exception) {
    return Fail(Code::kInternal, std::string("work on the store failed: ") + exception.what());
  } catch (...) {
    return Fail(Code::kInternal, "work on the store failed with an unknown exception");
  }
}

}  // namespace grant
