#include "tests/bench/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace grant::bench {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 380;
constexpr double kLeft = 76;
constexpr double kRight = 20;
constexpr double kTop = 72;
constexpr double kBottom = 62;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr double kPlotHeight = kHeight - kTop - kBottom;
constexpr int kTicks = 5;
// Told apart by people of any colour vision (Okabe and Ito).
constexpr const char* kColours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"};

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// The first of some round numbers times a power of ten that is not below `value`.
double RoundUp(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

class Canvas {
 public:
  Canvas(const Chart& chart, double highest) : chart_(chart) {
    step_ = RoundUp(std::max(highest, chart.reference.value_or(0)) / kTicks);
    top_ = step_ * kTicks;
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        kWidth, kHeight);
    Text(kLeft, 22, chart.title, "start", "font-size=\"15\" font-weight=\"bold\"");
    Axes();
    Legend();
  }

  double PlaceWidth() const { return kPlotWidth / static_cast<double>(chart_.places.size()); }
  double PlaceX(size_t place) const { return kLeft + PlaceWidth() * static_cast<double>(place); }
  double Y(double value) const {
    return kTop + kPlotHeight * (1 - std::clamp(value / top_, 0.0, 1.0));
  }
  static const char* Colour(size_t series) { return kColours[series % std::size(kColours)]; }

  void Text(double x, double y, const std::string& text, const char* anchor,
            const char* more = "") {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y,
                         anchor, more, Escaped(text));
  }
  void Bar(double x, double width, double from, double to, const char* colour) {
    text_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>\n", x,
        Y(to), width, Y(from) - Y(to), colour);
  }
  void Line(double x1, double y1, double x2, double y2, const char* style) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1,
                         y1, x2, y2, style);
  }
  void Dot(double x, double y, const char* colour) {
    text_ +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", x, y, colour);
  }

  std::string Finish() {
    if (chart_.reference) {
      const double y = Y(*chart_.reference);
      Line(kLeft, y, kWidth - kRight, y, "stroke=\"#222\" stroke-dasharray=\"5 4\"");
    }
    return std::move(text_) + "</svg>\n";
  }

 private:
  void Axes() {
    for (int tick = 0; tick <= kTicks; ++tick) {
      const double y = Y(step_ * tick);
      Line(kLeft, y, kWidth - kRight, y, tick == 0 ? "stroke=\"#222\"" : "stroke=\"#ddd\"");
      Text(kLeft - 8, y + 4, fmt::format("{:g}", step_ * tick), "end");
    }
    for (size_t place = 0; place < chart_.places.size(); ++place) PlaceLabel(place);
    Text(kLeft + kPlotWidth / 2, kHeight - 14, chart_.x_axis, "middle");
    const std::string turned =
        fmt::format("transform=\"rotate(-90 18 {0})\"", kTop + kPlotHeight / 2);
    Text(18, kTop + kPlotHeight / 2, chart_.y_axis, "middle", turned.c_str());
  }

  void PlaceLabel(size_t place) {
    const std::string& label = chart_.places[place];
    const size_t end = label.find('\n');
    const double x = PlaceX(place) + PlaceWidth() / 2;
    const double y = kHeight - kBottom + 16;
    Text(x, y, label.substr(0, end), "middle");
    if (end != std::string::npos) {
      Text(x, y + 14, label.substr(end + 1), "middle", "font-size=\"10\"");
    }
  }

  void Legend() {
    double x = kLeft;
    for (size_t i = 0; i < chart_.series.size(); ++i) {
      text_ += fmt::format("<rect x=\"{:.1f}\" y=\"38\" width=\"12\" height=\"12\" fill=\"{}\"/>\n",
                           x, Colour(i));
      Text(x + 17, 48, chart_.series[i].name, "start");
      x += 40 + 7.2 * static_cast<double>(chart_.series[i].name.size());
    }
  }

  const Chart& chart_;
  double step_ = 1;
  double top_ = 1;
  std::string text_;
};

double Highest(const Chart& chart) {
  double highest = 0;
  for (const Series& series : chart.series) {
    for (const auto& value : series.values) highest = std::max(highest, value.value_or(0));
  }
  return highest;
}

double Stacked(const Chart& chart, size_t place) {
  double sum = 0;
  for (const Series& series : chart.series) {
    sum += std::max(0.0, series.values.at(place).value_or(0));
  }
  return sum;
}

}  // namespace

std::string GroupedBars(const Chart& chart) {
  Canvas canvas(chart, Highest(chart));
  const double room = canvas.PlaceWidth() * 0.8;
  const double width = room / static_cast<double>(chart.series.size());
  for (size_t place = 0; place < chart.places.size(); ++place) {
    for (size_t i = 0; i < chart.series.size(); ++i) {
      const auto& value = chart.series[i].values.at(place);
      const double x =
          canvas.PlaceX(place) + canvas.PlaceWidth() * 0.1 + width * static_cast<double>(i);
      if (value) canvas.Bar(x, width * 0.92, 0, *value, Canvas::Colour(i));
    }
  }
  return canvas.Finish();
}

std::string StackedBars(const Chart& chart) {
  double highest = 0;
  for (size_t place = 0; place < chart.places.size(); ++place) {
    highest = std::max(highest, Stacked(chart, place));
  }
  Canvas canvas(chart, highest);
  for (size_t place = 0; place < chart.places.size(); ++place) {
    double below = 0;
    for (size_t i = 0; i < chart.series.size(); ++i) {
      const double value = std::max(0.0, chart.series[i].values.at(place).value_or(0));
      canvas.Bar(canvas.PlaceX(place) + canvas.PlaceWidth() * 0.2, canvas.PlaceWidth() * 0.6, below,
                 below + value, Canvas::Colour(i));
      below += value;
    }
  }
  return canvas.Finish();
}

std::string Lines(const Chart& chart) {
  Canvas canvas(chart, Highest(chart));
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const std::string stroke = fmt::format("stroke=\"{}\" stroke-width=\"2\"", Canvas::Colour(i));
    std::optional<std::pair<double, double>> last;
    for (size_t place = 0; place < chart.places.size(); ++place) {
      const auto& value = chart.series[i].values.at(place);
      if (!value) continue;
      const double x = canvas.PlaceX(place) + canvas.PlaceWidth() / 2;
      const double y = canvas.Y(*value);
      if (last) canvas.Line(last->first, last->second, x, y, stroke.c_str());
      canvas.Dot(x, y, Canvas::Colour(i));
      last = {x, y};
    }
  }
  return canvas.Finish();
}

}  // namespace grant::bench
