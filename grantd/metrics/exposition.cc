#include "grantd/metrics/exposition.h"

#include <fmt/format.h>

namespace grant::metrics {
namespace {

const char* NameOf(Type type) {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kGauge:
      return "gauge";
    case Type::kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::string Escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Seconds(std::chrono::nanoseconds duration) {
  return fmt::format("{}", std::chrono::duration<double>(duration).count());
}

}  // namespace

void Exposition::Begin(std::string_view name, Type type, std::string_view help) {
  family_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, NameOf(type));
}

void Exposition::Sample(std::string_view suffix, const Labels& labels, std::string_view value) {
  text_ += family_;
  text_ += suffix;
  char before = '{';
  for (const auto& [name, label] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, name, Escaped(label));
    before = ',';
  }
  if (!labels.empty()) text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

void Exposition::Add(const Labels& labels, double value) {
  Sample("", labels, fmt::format("{}", value));
}

void Exposition::Add(const std::vector<std::string_view>& names, const Counters& counters) {
  for (const auto& [values, count] : counters.Read()) {
    Labels labels;
    for (size_t i = 0; i < names.size(); ++i) labels.emplace_back(names[i], values.at(i));
    Sample("", labels, std::to_string(count));
  }
}

void Exposition::Add(const Labels& labels, const Histogram::Reading& reading) {
  Labels bucket_labels = labels;
  bucket_labels.emplace_back("le", "");
  uint64_t below = 0;
  for (size_t bucket = 0; bucket < Histogram::kBounds; ++bucket) {
    below += reading.counts[bucket];
    const std::string bound = Seconds(Histogram::Bound(bucket));
    bucket_labels.back().second = bound;
    Sample("_bucket", bucket_labels, std::to_string(below));
  }
  const std::string count = std::to_string(reading.count());
  bucket_labels.back().second = "+Inf";
  Sample("_bucket", bucket_labels, count);
  Sample("_sum", labels, Seconds(reading.sum));
  Sample("_count", labels, count);
}

}  // namespace grant::metrics
