// Backups of the database. Their content never goes over the API.
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"

namespace grant::api {

Result<HttpResponse> MakeBackup(const Services& services, const Call& call) {
  GRANT_CHECK(ObjectReader::Open(call.body, "", {}));
  GRANT_TRY(const Backup backup, services.back_up(call.caller().principal));
  return Answer({{"path", backup.path},
                 {"bytes", backup.bytes},
                 {"sha256", backup.sha256},
                 {"made_at", FormatTime(backup.at)},
                 {"entries", backup.head.number},
                 {"last_hash", backup.head.hash}});
}

}  // namespace grant::api
