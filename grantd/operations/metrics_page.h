// The page of metrics that is not about signatures: what there is, and how grantd is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "grantd/domain/time.h"
#include "grantd/gate/key_directory.h"
#include "grantd/metrics/exposition.h"
#include "grantd/operations/totals_cache.h"
#include "grantd/store/store.h"

namespace grant {

struct MetricsSources {
  KeyDirectory& keys;
  Store& store;
  std::function<std::vector<Refusal>()> alarms;
  TotalsCache& totals;
  std::string state_dir;
  Time started_at;
};

// Every metric is in docs/metrics.md. Labels are names of grantd.toml and of grantd's own lists, so
// that there are few of them whatever people do. What the store cannot tell now is left out. Any
// thread.
void ShowOperations(const MetricsSources& sources, Time now, metrics::Exposition& page);

}  // namespace grant
