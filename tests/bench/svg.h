// Charts as SVG, dark on light. All texts are plain; values below zero are shown as zero.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace grant::bench {

struct Series {
  std::string name;
  std::vector<std::optional<double>> values;  // one for each place on the x axis
};

struct Chart {
  std::string title;
  std::string x_axis;
  std::string y_axis;               // with the unit
  std::vector<std::string> places;  // a text may have two lines
  std::vector<Series> series;
  std::optional<double> reference = std::nullopt;  // a dashed line across
};

// Bars next to each other at each place.
std::string GroupedBars(const Chart& chart);
// Bars on top of each other.
std::string StackedBars(const Chart& chart);
std::string Lines(const Chart& chart);

}  // namespace grant::bench
