// Refusals in the form that goes to the client and into the audit.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "grant/error.h"
#include "grant/gate/protocol.h"
#include "grant/refusal.h"
#include "grantd/domain/audit.h"
#include "grantd/hsm/token.h"

namespace grant {

gate::Refused ToRefused(const Refusal& refusal);

gate::Refused StoreFailing(const Error& error);
gate::Refused TokenUnavailable(const Error& error);
gate::Refused NoSuchToken(const std::string& name);
gate::Refused KeyGone();
gate::Refused Busy(const std::string& why);
// The caller has as much as one user may; `setting` is of [limits].
gate::Refused LimitReached(const std::string& why, const std::string& setting);
gate::Refused Malformed(const Error& error);
// What the backing token answered to a signature; `what` says it in words.
gate::Refused FromToken(const TokenFailure& failure, const std::string& what);
// The same for what needs no grant, so that there is no use to speak of.
gate::Refused FromToken(const TokenFailure& failure);

// The entry of a refused signature; `facts` is a JSON object with what was attempted.
AuditEvent RefusalEvent(const Refusal& refusal, const Principal& caller, const std::string& signer,
                        Time now, nlohmann::json facts);

}  // namespace grant
