// A Token whose backing module runs in worker processes, so that grantd outlives what it does.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "grantd/hsm/sealable_token.h"
#include "grantd/supervisor/backoff.h"

namespace grant {

struct WorkerOptions {
  std::string executable;  // grantd-hsm-worker
  BackoffLimits restarts;  // pauses before a worker that ended is replaced
  // Starts nothing before Open(): calls fail with this.
  std::optional<Error> closed_for = {};
};

// Starts the workers and waits for the first one to log in. A token that is not there, or a module
// that fails, is no error: the token is absent until a later start succeeds. Errors: kInvalid
// (settings, unsafe PIN file, no module), kUnavailable (the module cannot be loaded, the PIN was
// refused). A token whose PIN is to be typed in starts its workers once it has it.
//
// A call that its worker does not answer in settings.call_timeout ends the worker. Signatures that
// run in a worker when it ends have an unknown outcome.
Result<std::unique_ptr<SealableToken>> OpenWorkerToken(const TokenSettings& settings,
                                                       const WorkerOptions& options);

}  // namespace grant
