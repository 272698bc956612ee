// What a requester asks for, as bodies hold it.
#pragma once

#include "grant/error.h"
#include "grantd/api/http.h"
#include "grantd/api/strict_json.h"
#include "grantd/domain/request.h"

namespace grant::api {

// "signer", "signings", "window", and where they are there "digests", "files", "scopes" and
// "secret"; the justification is for the caller to read. `peer` is whoever sent it.
Result<Wish> ReadWish(const ObjectReader& reader, const Peer& peer);

}  // namespace grant::api
