#include "tests/bench/matrix.h"

#include <iostream>
#include <map>
#include <numeric>

#include "tests/bench/stages.h"
#include "tests/bench/statistics.h"

namespace grant::bench {
namespace {

// What the rounds gave for one lane.
struct Rounds {
  std::vector<double> per_second;
  std::vector<double> ratios;
  std::vector<double> taken_us;
  int first = 0;
  double first_us = 0;

  // Of all that grantd has seen, too.
  double mean_us() const {
    const double all_us = std::accumulate(taken_us.begin(), taken_us.end(), first_us);
    return all_us / static_cast<double>(taken_us.size() + static_cast<size_t>(first));
  }
};

// One round: a slice of each lane, each round beginning with another one.
std::map<std::string, Slice> RunRound(std::vector<Lane>& lanes, const Key& key, int threads,
                                      int slice_ms, size_t first) {
  std::map<std::string, Slice> slices;
  for (size_t i = 0; i < lanes.size(); ++i) {
    Lane& lane = lanes[(first + i) % lanes.size()];
    if (auto slice = lane.Run(key, threads, slice_ms)) slices[lane.name()] = *std::move(slice);
  }
  return slices;
}

std::map<std::string, Rounds> RunRounds(std::vector<Lane>& lanes, const Key& key, int threads,
                                        const MatrixOptions& options) {
  std::map<std::string, Rounds> rounds;
  for (int round = 0; round < options.rounds; ++round) {
    const auto slices = RunRound(lanes, key, threads, options.slice_ms, static_cast<size_t>(round));
    const double plain = slices.at(kPlain).per_second();
    for (const auto& [lane, slice] : slices) {
      Rounds& of = rounds[lane];
      of.per_second.push_back(slice.per_second());
      of.ratios.push_back(slice.per_second() / plain);
      of.taken_us.insert(of.taken_us.end(), slice.taken_us.begin(), slice.taken_us.end());
      of.first += slice.first;
      of.first_us += slice.first_us;
    }
  }
  return rounds;
}

Cell Summary(const Rounds& rounds) {
  Cell cell;
  cell.supported = true;
  cell.per_second = Median(rounds.per_second);
  cell.ratio = Median(rounds.ratios);
  cell.p50_us = Quantile(rounds.taken_us, 0.5);
  cell.p99_us = Quantile(rounds.taken_us, 0.99);
  cell.mean_us = rounds.mean_us();
  return cell;
}

AddedTime Split(const Cell& ours, double plain_us, const Stages& stages, bool token_in_grantd) {
  AddedTime added;
  added.decide_us = stages.decide_us;
  added.spend_us = stages.spend_us;
  if (token_in_grantd) added.token_us = stages.token_us - plain_us;
  added.transport_us =
      ours.mean_us - plain_us - added.decide_us - added.spend_us - added.token_us.value_or(0);
  return added;
}

void MeasureOne(Site& site, std::vector<Lane>& lanes, const Key& key, int threads,
                const MatrixOptions& options, Matrix& matrix) {
  const std::string before = site.Metrics();
  const auto rounds = RunRounds(lanes, key, threads, options);
  const std::string after = site.Metrics();
  const double plain_us = rounds.at(kPlain).mean_us();
  for (const Lane& lane : lanes) {
    const auto found = rounds.find(lane.name());
    Cell cell = found == rounds.end() ? Cell() : Summary(found->second);
    cell.key = key.name;
    cell.threads = threads;
    cell.module = lane.name();
    if (lane.name() == kBroker || lane.name() == kWrap) {
      const Stages stages =
          ReadStages(after, lane.name()).PerSignatureSince(ReadStages(before, lane.name()));
      cell.added = Split(cell, plain_us, stages, lane.name() == kBroker);
    }
    matrix.cells.push_back(std::move(cell));
  }
}

}  // namespace

const Cell* Matrix::Find(const std::string& key, int threads, const std::string& module) const {
  for (const Cell& cell : cells) {
    if (cell.key == key && cell.threads == threads && cell.module == module) return &cell;
  }
  return nullptr;
}

Matrix MeasureMatrix(Site& site, const MatrixOptions& options) {
  Matrix matrix;
  const P11KitServer server(site);
  std::vector<Lane> lanes;
  lanes.emplace_back(PlainModule(site), site.directory());
  if (server.module()) lanes.emplace_back(*server.module(), site.directory());
  lanes.emplace_back(BrokerModule(site), site.directory());
  lanes.emplace_back(WrapModule(site), site.directory());
  const BareBroker bare(site);
  lanes.emplace_back(bare.signing_there(), site.directory());
  lanes.emplace_back(bare.signing_here(), site.directory());
  for (const Key& key : site.keys()) {
    for (const int threads : options.threads) {
      std::cerr << "  " << key.name << ", " << threads << " threads\n";
      MeasureOne(site, lanes, key, threads, options, matrix);
    }
    matrix.uses += site.Used(key);
  }
  for (const Lane& lane : lanes) {
    if (lane.name() == kBroker || lane.name() == kWrap) matrix.signatures += lane.signatures();
  }
  return matrix;
}

}  // namespace grant::bench
