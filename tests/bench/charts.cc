#include "tests/bench/charts.h"

#include <functional>

#include "tests/bench/svg.h"

namespace grant::bench {
namespace {

using Read = std::function<std::optional<double>(const Cell&)>;

std::string PlaceOf(const Cell& cell) {
  return std::to_string(cell.threads) + "\n" + cell.key;
}

// A value of each key and number of threads, for one module.
Series SeriesOf(const Matrix& matrix, const char* module, std::string name, const Read& read) {
  Series series{std::move(name), {}};
  for (const Cell& cell : matrix.cells) {
    if (cell.module == module) {
      series.values.push_back(cell.supported ? read(cell) : std::nullopt);
    }
  }
  return series;
}

std::vector<std::string> Places(const Matrix& matrix) {
  std::vector<std::string> places;
  for (const Cell& cell : matrix.cells) {
    if (cell.module == kPlain) places.push_back(PlaceOf(cell));
  }
  return places;
}

std::string RatioChart(const Matrix& matrix) {
  Chart chart{"Signatures per second, as a ratio to plain SoftHSM2",
              "number of threads, key",
              "ratio (1 = plain SoftHSM2)",
              Places(matrix),
              {},
              1.0};
  for (const char* module : {kBroker, kWrap, kP11Kit}) {
    Series series = SeriesOf(matrix, module, module, [](const Cell& cell) { return cell.ratio; });
    if (!series.values.empty()) chart.series.push_back(std::move(series));
  }
  return GroupedBars(chart);
}

std::string AddedTimeChart(const Matrix& matrix, const char* module) {
  const auto part = [&](const char* name, const std::function<double(const AddedTime&)>& read) {
    return SeriesOf(matrix, module, name, [&read](const Cell& cell) {
      return cell.added ? std::optional(read(*cell.added)) : std::nullopt;
    });
  };
  return StackedBars(
      {std::string("Time added to a signature, ") + module,
       "number of threads, key",
       "mean, microseconds",
       Places(matrix),
       {part("decide", [](const AddedTime& added) { return added.decide_us; }),
        part("spend", [](const AddedTime& added) { return added.spend_us; }),
        part("token", [](const AddedTime& added) { return added.token_us.value_or(0); }),
        part("transport", [](const AddedTime& added) { return added.transport_us; })}});
}

std::string StoreSizeChart(const char* title, const char* axis,
                           const std::vector<StoreSizePoint>& points) {
  Chart chart{title, axis, "p50, microseconds", {}, {{"broker, P-256, 1 thread", {}}}};
  for (const StoreSizePoint& point : points) {
    chart.places.push_back(std::to_string(point.rows));
    chart.series[0].values.emplace_back(point.p50_us);
  }
  return Lines(chart);
}

}  // namespace

Charts MatrixCharts(const Matrix& matrix) {
  return {{"ratio.svg", RatioChart(matrix)},
          {"added-broker.svg", AddedTimeChart(matrix, kBroker)},
          {"added-wrap.svg", AddedTimeChart(matrix, kWrap)}};
}

Charts StoreSizeCharts(const std::vector<StoreSizePoint>& grants,
                       const std::vector<StoreSizePoint>& audit) {
  return {
      {"grants.svg", StoreSizeChart("A signature, by the grants in the store", "grants", grants)},
      {"audit.svg", StoreSizeChart("A signature, by the length of the audit", "entries", audit)}};
}

Charts StartUpCharts(const std::vector<StartUpResult>& results) {
  Chart chart{"A new host until its first P-256 signature",
              "module",
              "microseconds",
              {},
              {{"loading the module", {}}, {"C_Initialize to first signature", {}}}};
  for (const StartUpResult& result : results) {
    chart.places.push_back(result.module);
    chart.series[0].values.emplace_back(result.median.load_us);
    chart.series[1].values.emplace_back(result.median.first_signature_us);
  }
  return {{"startup.svg", StackedBars(chart)}};
}

}  // namespace grant::bench
