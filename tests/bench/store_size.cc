#include "tests/bench/store_size.h"

#include <iostream>
#include <list>
#include <stdexcept>

#include "tests/bench/fill.h"
#include "tests/bench/lane.h"
#include "tests/bench/statistics.h"

namespace grant::bench {
namespace {

struct Candidate {
  Candidate(Grows what, size_t filled) : rows(filled), site({P256()}) {
    const auto fill = what == Grows::kGrants ? FillGrants : FillAudit;
    fill(site.state_dir(), filled, P256().label, Self());
    site.Start();
    lane.emplace(BrokerModule(site), site.directory());
  }

  size_t rows;
  Site site;
  std::optional<Lane> lane;
  std::vector<double> per_second;
  std::vector<double> taken_us;
};

void RunRound(std::list<Candidate>& candidates, int slice_ms) {
  for (Candidate& candidate : candidates) {
    const auto slice = candidate.lane->Run(P256(), 1, slice_ms);
    if (!slice) throw std::runtime_error("the broker has no ECDSA");
    candidate.per_second.push_back(slice->per_second());
    candidate.taken_us.insert(candidate.taken_us.end(), slice->taken_us.begin(),
                              slice->taken_us.end());
  }
}

StoreSizePoint Summary(const Candidate& candidate, const Candidate& smallest) {
  std::vector<double> costs;
  for (size_t round = 0; round < candidate.per_second.size(); ++round) {
    costs.push_back(smallest.per_second[round] / candidate.per_second[round]);
  }
  return {candidate.rows, Median(candidate.per_second), Quantile(candidate.taken_us, 0.5),
          Quantile(candidate.taken_us, 0.99), Median(costs)};
}

}  // namespace

std::vector<StoreSizePoint> MeasureStoreSize(Grows what, const StoreSizeOptions& options) {
  std::list<Candidate> candidates;
  for (const size_t rows : options.rows) {
    std::cerr << "  a store with " << rows << (what == Grows::kGrants ? " grants" : " entries")
              << '\n';
    candidates.emplace_back(what, rows);
  }
  for (int round = 0; round < options.rounds; ++round) RunRound(candidates, options.slice_ms);
  std::vector<StoreSizePoint> points;
  for (const Candidate& candidate : candidates) {
    points.push_back(Summary(candidate, candidates.front()));
  }
  return points;
}

}  // namespace grant::bench
