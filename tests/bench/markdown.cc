#include "tests/bench/markdown.h"

#include <fmt/format.h>

#include <algorithm>

namespace grant::bench {
namespace {

using Row = std::vector<std::string>;

constexpr char kNothing[] = "-";

// The first column is aligned to the left, and so are `left - 1` more.
std::string Table(const Row& heads, const std::vector<Row>& rows, size_t left = 1) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < heads.size(); ++i) {
    size_t width = heads[i].size();
    for (const Row& row : rows) width = std::max(width, row.at(i).size());
    widths.push_back(width);
  }
  const auto line = [&](const Row& row) {
    std::string text = "|";
    for (size_t i = 0; i < row.size(); ++i) {
      text += i < left ? fmt::format(" {:<{}} |", row[i], widths[i])
                       : fmt::format(" {:>{}} |", row[i], widths[i]);
    }
    return text + "\n";
  };
  std::string text = line(heads) + "|";
  for (size_t i = 0; i < heads.size(); ++i) {
    text += i < left ? fmt::format("{:-<{}}|", "", widths[i] + 2)
                     : fmt::format("{:->{}}|", ":", widths[i] + 2);
  }
  text += "\n";
  for (const Row& row : rows) text += line(row);
  return text;
}

std::string Micros(double us) {
  return fmt::format("{:.0f}", us);
}

struct Target {
  const char* what;
  const char* key;
  int threads;
  const char* module;
  const char* reference;
  double must;
  double goal;  // 0: none
};

constexpr Target kTargets[] = {
    {"broker, P-256, 1 thread", "P-256", 1, kBroker, kPlain, 0.70, 0.90},
    {"broker, P-256, 8 threads", "P-256", 8, kBroker, kPlain, 1.10, 1.50},
    {"broker, RSA-2048, 1 thread", "RSA-2048", 1, kBroker, kPlain, 0.94, 0.98},
    {"broker, RSA-2048, 8 threads", "RSA-2048", 8, kBroker, kPlain, 0.97, 1.05},
    {"broker, Ed25519, 8 threads", "Ed25519", 8, kBroker, kPlain, 1.00, 1.40},
    {"wrap, P-256, 1 thread", "P-256", 1, kWrap, kPlain, 0.60, 0},
    {"wrap, P-256, 8 threads", "P-256", 8, kWrap, kPlain, 0.80, 0},
    {"wrap, RSA-2048, 1 thread", "RSA-2048", 1, kWrap, kPlain, 0.94, 0},
    {"wrap, RSA-2048, 8 threads", "RSA-2048", 8, kWrap, kPlain, 0.90, 0},
    {"wrap, Ed25519, 8 threads", "Ed25519", 8, kWrap, kPlain, 0.85, 0},
    {"broker, P-256, 1 thread", "P-256", 1, kBroker, kP11Kit, 1.2, 0},
    {"broker, P-256, 8 threads", "P-256", 8, kBroker, kP11Kit, 2.0, 0},
    {"broker, RSA-2048, 1 thread", "RSA-2048", 1, kBroker, kP11Kit, 1.0, 0},
    {"broker, RSA-2048, 8 threads", "RSA-2048", 8, kBroker, kP11Kit, 1.8, 0},
};

}  // namespace

std::string MatrixTable(const Matrix& matrix) {
  std::vector<Row> rows;
  for (const Cell& cell : matrix.cells) {
    Row row = {cell.key, std::to_string(cell.threads), cell.module};
    if (cell.supported) {
      row.insert(row.end(), {fmt::format("{:.0f}", cell.per_second), Micros(cell.p50_us),
                             Micros(cell.p99_us), fmt::format("{:.2f}", cell.ratio)});
    }
    if (cell.added) {
      const AddedTime& added = *cell.added;
      row.insert(row.end(),
                 {Micros(added.all_us()), Micros(added.decide_us), Micros(added.spend_us),
                  added.token_us ? Micros(*added.token_us) : kNothing, Micros(added.transport_us)});
    }
    row.resize(12, kNothing);
    rows.push_back(std::move(row));
  }
  return Table({"key", "threads", "module", "signatures/s", "p50 us", "p99 us", "ratio", "added us",
                "decide", "spend", "token", "transport"},
               rows, 3);
}

std::string TargetTable(const Matrix& matrix) {
  std::vector<Row> rows;
  for (const Target& target : kTargets) {
    const Cell* cell = matrix.Find(target.key, target.threads, target.module);
    const Cell* reference = matrix.Find(target.key, target.threads, target.reference);
    if (cell == nullptr || reference == nullptr || !cell->supported || !reference->supported) {
      continue;
    }
    const double ratio = cell->ratio / reference->ratio;
    const Cell* bare =
        matrix.Find(target.key, target.threads, cell->module == kWrap ? kBareWrap : kBareBroker);
    const char* verdict = "missed";
    if (ratio >= target.must) verdict = "met";
    if (target.goal > 0 && ratio >= target.goal) verdict = "goal met";
    rows.push_back(
        {target.what, target.reference, fmt::format("{:.2f}", target.must),
         target.goal > 0 ? fmt::format("{:.2f}", target.goal) : kNothing,
         fmt::format("{:.2f}", ratio),
         bare != nullptr ? fmt::format("{:.2f}", bare->ratio / reference->ratio) : kNothing,
         verdict});
  }
  return Table({"what", "to", "must", "goal", "measured", "bare", ""}, rows, 2);
}

std::string StoreSizeTable(const std::string& what, const std::vector<StoreSizePoint>& points) {
  std::vector<Row> rows;
  for (const StoreSizePoint& point : points) {
    rows.push_back({std::to_string(point.rows), fmt::format("{:.0f}", point.per_second),
                    Micros(point.p50_us), Micros(point.p99_us), fmt::format("{:.2f}", point.cost)});
  }
  return Table({what, "signatures/s", "p50 us", "p99 us", "cost of a signature"}, rows, 0);
}

std::string StartUpTable(const std::vector<StartUpResult>& results) {
  std::vector<Row> rows;
  for (const StartUpResult& result : results) {
    rows.push_back(
        {result.module, Micros(result.median.load_us), Micros(result.median.first_signature_us)});
  }
  return Table({"module", "load us", "C_Initialize to first signature us"}, rows);
}

std::string FloorTable(const std::vector<Floor>& floors, const Matrix& matrix) {
  std::vector<Row> rows;
  for (const Floor& floor : floors) {
    rows.push_back(
        {floor.what, fmt::format("{:.1f}", floor.p50_us), fmt::format("{:.1f}", floor.p99_us)});
  }
  for (const Cell& cell : matrix.cells) {
    if (cell.module != kPlain || cell.threads != 1) continue;
    rows.push_back({"C_SignInit and C_Sign of SoftHSM2, " + cell.key,
                    fmt::format("{:.1f}", cell.p50_us), fmt::format("{:.1f}", cell.p99_us)});
  }
  return Table({"what", "p50 us", "p99 us"}, rows);
}

}  // namespace grant::bench
