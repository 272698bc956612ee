#include "tests/bench/stages.h"

#include <stdexcept>

namespace grant::bench {
namespace {

double ValueOf(const std::string& metrics, const std::string& series) {
  const size_t at = metrics.find("\n" + series + " ");
  if (at == std::string::npos) throw std::runtime_error("grantd has no metric " + series);
  return std::stod(metrics.substr(at + 1 + series.size()));
}

}  // namespace

Stages Stages::PerSignatureSince(const Stages& before) const {
  const double signatures = count - before.count;
  if (signatures <= 0) return {};
  return {signatures, (decide_us - before.decide_us) / signatures,
          (spend_us - before.spend_us) / signatures, (token_us - before.token_us) / signatures,
          (deliver_us - before.deliver_us) / signatures};
}

Stages ReadStages(const std::string& metrics, const std::string& placement) {
  const auto value = [&](const char* what, const char* stage) {
    return ValueOf(metrics, std::string("grantd_signature_stage_seconds_") + what +
                                "{placement=\"" + placement + "\",stage=\"" + stage + "\"}");
  };
  return {value("count", "deliver"), value("sum", "decide") * 1e6, value("sum", "spend") * 1e6,
          value("sum", "token") * 1e6, value("sum", "deliver") * 1e6};
}

}  // namespace grant::bench
