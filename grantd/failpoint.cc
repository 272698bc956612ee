#include "grantd/failpoint.h"

#include <algorithm>
#include <array>

namespace grant::failpoint {
namespace {

// In the order of Point.
constexpr std::array kNames = {
    std::string_view("spend.before"),       std::string_view("spend.counted"),
    std::string_view("spend.committed"),    std::string_view("token.before"),
    std::string_view("token.after"),        std::string_view("token.failed"),
    std::string_view("withhold"),           std::string_view("reply.before"),
    std::string_view("reply.after"),        std::string_view("settle.before"),
    std::string_view("settle.recorded"),    std::string_view("recover.recorded"),
    std::string_view("revoke.recorded"),    std::string_view("revoke.committed"),
    std::string_view("revoke.withdrawn"),   std::string_view("filing.recorded"),
    std::string_view("filing.committed"),   std::string_view("decision.before"),
    std::string_view("decision.recorded"),  std::string_view("decision.granted"),
    std::string_view("decision.committed"), std::string_view("expiry.recorded"),
    std::string_view("expiry.committed"),   std::string_view("rules.recorded"),
    std::string_view("rules.committed"),    std::string_view("commit.before"),
    std::string_view("commit.after"),       std::string_view("checkpoint.before"),
    std::string_view("checkpoint.after"),   std::string_view("database.made"),
    std::string_view("migration.step"),     std::string_view("migration.committed"),
    std::string_view("upgrade.copied"),
};
static_assert(kNames.size() == kPoints);

}  // namespace

namespace internal {
Handler handler = nullptr;
}

std::string_view Name(Point point) {
  return kNames.at(static_cast<size_t>(point));
}

std::optional<Point> PointByName(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Point>(found - kNames.begin());
}

void Install(Handler handler) {
  internal::handler = handler;
}

}  // namespace grant::failpoint
