// Measures what grantd costs: see docs/performance.md. Run by tools/bench.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include "tests/bench/charts.h"
#include "tests/bench/floors.h"
#include "tests/bench/markdown.h"
#include "tests/bench/matrix.h"
#include "tests/bench/site.h"
#include "tests/bench/startup.h"
#include "tests/bench/store_size.h"

namespace grant::bench {
namespace {

struct Options {
  std::filesystem::path out = "bench";
  bool quick = false;
  std::vector<std::string> only;  // sections; empty: all
  std::vector<std::string> keys;  // empty: all
  std::vector<int> threads;       // empty: all

  bool Wants(const char* section) const {
    return only.empty() || std::find(only.begin(), only.end(), section) != only.end();
  }
};

// Prints what it is given, and keeps it for the file.
class Report {
 public:
  explicit Report(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }
  void Add(const std::string& text) {
    std::cout << text << std::flush;
    text_ += text;
  }
  void Add(const Charts& charts) {
    for (const auto& [name, chart] : charts) std::ofstream(folder_ / name) << chart;
  }
  void Finish() {
    std::ofstream(folder_ / "bench.md") << text_;
    std::cerr << "written to " << folder_.string() << '\n';
  }

 private:
  std::filesystem::path folder_;
  std::string text_;
};

std::string Head(const std::string& directory) {
  utsname system{};
  uname(&system);
  const std::time_t now = std::time(nullptr);
  std::tm date{};
  gmtime_r(&now, &date);
  double load = 0;
  getloadavg(&load, 1);
  return fmt::format(
      "# grantd {}, {:04}-{:02}-{:02}\n\n{} processors with a load of {:.1f} before this run, "
      "{} {}, state on {}\n\n",
      GRANT_VERSION, date.tm_year + 1900, date.tm_mon + 1, date.tm_mday,
      std::thread::hardware_concurrency(), load, system.sysname, system.machine,
      FileSystemOf(directory));
}

std::vector<Key> WantedKeys(const Options& options) {
  if (options.keys.empty()) return AllKeys();
  std::vector<Key> keys;
  for (const Key& key : AllKeys()) {
    const auto& wanted = options.keys;
    if (std::find(wanted.begin(), wanted.end(), key.label) != wanted.end()) keys.push_back(key);
  }
  return keys;
}

void Signatures(const Options& options, Report& report) {
  std::cerr << "signatures\n";
  Site site(WantedKeys(options));
  site.Start();
  MatrixOptions matrix_options;
  if (options.quick) matrix_options.rounds = 5;
  if (options.quick) matrix_options.slice_ms = 60;
  if (!options.threads.empty()) matrix_options.threads = options.threads;
  const Matrix matrix = MeasureMatrix(site, matrix_options);
  report.Add(fmt::format("## Signatures\n\n{}\n{} signatures at the clients, {} uses counted.\n\n",
                         MatrixTable(matrix), matrix.signatures, matrix.uses));
  report.Add(fmt::format("## Targets\n\n{}\n", TargetTable(matrix)));
  report.Add(MatrixCharts(matrix));
  const auto floors = MeasureFloors(site.directory(), options.quick ? 300 : 2000);
  report.Add(fmt::format("## Floors\n\n{}\n", FloorTable(floors, matrix)));
}

void StoreSizes(const Options& options, Report& report) {
  std::cerr << "size of the store\n";
  StoreSizeOptions sizes;
  if (options.quick) sizes = {{1, 1'000, 10'000}, 5, 60};
  const auto grants = MeasureStoreSize(Grows::kGrants, sizes);
  const auto audit = MeasureStoreSize(Grows::kAudit, sizes);
  report.Add(fmt::format("## Size of the store (broker, P-256, 1 thread)\n\n{}\n{}\n",
                         StoreSizeTable("grants", grants), StoreSizeTable("audit entries", audit)));
  report.Add(StoreSizeCharts(grants, audit));
}

void StartUps(const Options& options, Report& report) {
  std::cerr << "start-up\n";
  Site site({P256()});
  site.Start();
  const auto results = MeasureStartUp(site, options.quick ? 15 : 50);
  report.Add(fmt::format("## Start-up of a host\n\n{}\n", StartUpTable(results)));
  report.Add(StartUpCharts(results));
}

int Run(const Options& options) {
  const std::string directory = std::filesystem::temp_directory_path().string();
  if (FileSystemOf(directory) == "tmpfs") {
    std::cerr << "bench: " << directory << " is in memory, where nothing is durable\n"
              << "hint: TMPDIR=/var/tmp tools/bench\n";
    return 2;
  }
  Report report(options.out);
  report.Add(Head(directory));
  if (options.Wants("signatures")) Signatures(options, report);
  if (options.Wants("store")) StoreSizes(options, report);
  if (options.Wants("startup")) StartUps(options, report);
  report.Finish();
  return 0;
}

}  // namespace
}  // namespace grant::bench

int main(int argc, char** argv) {
  CLI::App app("measures what grantd costs");
  grant::bench::Options options;
  app.add_flag("--quick", options.quick, "shorter, and with smaller stores: under two minutes");
  app.add_option("--out", options.out, "where table and charts go")
      ->capture_default_str()
      ->take_last();
  app.add_option("--only", options.only, "signatures, store, startup")
      ->check(CLI::IsMember({"signatures", "store", "startup"}));
  app.add_option("--key", options.keys, "rsa2048, rsa3072, p256, ed25519")
      ->check(CLI::IsMember({"rsa2048", "rsa3072", "p256", "ed25519"}));
  app.add_option("--threads", options.threads, "in place of 1 2 8 32")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  try {
    return grant::bench::Run(options);
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 1;
  }
}
