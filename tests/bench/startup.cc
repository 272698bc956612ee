#include "tests/bench/startup.h"

#include "tests/bench/statistics.h"

namespace grant::bench {

std::vector<StartUpResult> MeasureStartUp(Site& site, int rounds) {
  const P11KitServer server(site);
  std::vector<Module> modules = {PlainModule(site)};
  if (server.module()) modules.push_back(*server.module());
  modules.push_back(BrokerModule(site));
  modules.push_back(WrapModule(site));
  std::vector<std::vector<double>> loads(modules.size());
  std::vector<std::vector<double>> firsts(modules.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < modules.size(); ++i) {
      const StartUpTimes times = StartUp(modules[i], P256(), site.directory());
      loads[i].push_back(times.load_us);
      firsts[i].push_back(times.first_signature_us);
    }
  }
  std::vector<StartUpResult> results;
  for (size_t i = 0; i < modules.size(); ++i) {
    results.push_back({modules[i].name, {Median(loads[i]), Median(firsts[i])}});
  }
  return results;
}

}  // namespace grant::bench
