// Kills grantd again and again under clients at work, and checks after each restart that nothing
// was signed that was not counted, nor lost without a word.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <random>

#include "tests/torture/campaign.h"

namespace grant::test {
namespace {

void PrintCounts(const char* title, const std::map<std::string, size_t>& counts) {
  std::printf("%s\n", title);
  for (const auto& [name, count] : counts) std::printf("  %6zu  %s\n", count, name.c_str());
}

void Print(const CampaignReport& report) {
  const Tally& tally = report.tally;
  PrintCounts("kills", report.kills);
  PrintCounts("kills because the point was not reached in time", report.unreached);
  std::printf("%zu cycles on %zu state directories\n", report.cycles, report.rounds);
  std::printf("%d times the kill left SoftHSM's token file empty; it was put back\n",
              report.tokens_mended);
  std::printf("%zu uses counted, %zu signatures delivered; the others by their explanation:\n",
              tally.uses, tally.delivered);
  for (const auto& [outcome, count] : tally.lost)
    std::printf("  %6zu  %s\n", count, outcome.c_str());
  std::printf("%zu times a client was told that its use was given back\n", tally.given_back);
  PrintCounts("requests", tally.requests);
  std::printf("%zu grants, %zu of them revoked or released\n", tally.grants, tally.ended_grants);
}

int Main(int argc, char** argv) {
  CLI::App app("Kills grantd in the midst of its work, and checks what it left");
  size_t cycles = 200;
  uint64_t seed = std::random_device()();
  app.add_option("cycles", cycles, "kills")->capture_default_str();
  app.add_option("--seed", seed, "of the choice of moments");
  std::string traces;
  app.add_option("--traces", traces, "a directory in which the trace of each run is left");
  CLI11_PARSE(app, argc, argv);

  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("torture: %zu cycles, --seed %llu\n", cycles, static_cast<unsigned long long>(seed));
  const CampaignReport report = Campaign(seed, traces).Run(cycles);
  Print(report);
  const bool shows = report.tally.delivered > 0 && report.tally.given_back > 0;
  if (report.violations.empty() && !shows) {
    std::printf("nothing was signed, or nothing given back, so that nothing is shown\n");
    return 1;
  }
  if (report.violations.empty()) {
    std::printf("no promise was broken\n");
    return 0;
  }
  std::printf("BROKEN in cycle %zu (kill: %s); grantd's state and the clients' records are in %s\n",
              report.cycles, report.last_fault.c_str(), report.kept.c_str());
  for (const std::string& violation : report.violations) std::printf("  %s\n", violation.c_str());
  return 1;
}

}  // namespace
}  // namespace grant::test

int main(int argc, char** argv) {
  return grant::test::Main(argc, argv);
}
