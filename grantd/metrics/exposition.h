// Metrics as Prometheus reads them: its text format, version 0.0.4. Each part of grantd keeps its
// own metrics and adds them to the page when somebody asks for it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grantd/metrics/counters.h"
#include "grantd/metrics/histogram.h"

namespace grant::metrics {

inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

enum class Type { kCounter, kGauge, kHistogram };

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

class Exposition {
 public:
  // Begins a family; the samples of it follow. `help` is one line.
  void Begin(std::string_view name, Type type, std::string_view help);

  // A sample of a counter or a gauge.
  void Add(const Labels& labels, double value);
  // Every count, with its values under these names of labels.
  void Add(const std::vector<std::string_view>& names, const Counters& counters);
  // All series of a histogram of durations, in seconds.
  void Add(const Labels& labels, const Histogram::Reading& reading);

  const std::string& text() const { return text_; }

 private:
  void Sample(std::string_view suffix, const Labels& labels, std::string_view value);

  std::string text_;
  std::string family_;
};

}  // namespace grant::metrics
