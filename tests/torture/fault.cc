#include "tests/torture/fault.h"

#include <array>
#include <span>

namespace grant::test {
namespace {

using failpoint::Point;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int64_t kDelayUsMax = 3000;
constexpr milliseconds kPointLimit{2500};
constexpr int64_t kRandomMomentMsMax = 80;
constexpr size_t kTurnsToARandomMoment = 5;

// How often a point is reached before it kills: up to so many times. The often reached ones differ
// in who else is at work then.
struct Planned {
  Point point;
  int count_max;
};

// In an order in which each is still to come when the one before it has killed.
constexpr std::array kBirthOfNew = {
    Planned{Point::kMigrationStep, 1},
    Planned{Point::kDatabaseMade, 1},
};
constexpr std::array kBirthOfOld = {
    Planned{Point::kUpgradeCopied, 1},
    Planned{Point::kMigrationStep, 1},
    Planned{Point::kMigrationCommitted, 1},
};

constexpr std::array kWork = {
    Planned{Point::kSpendBefore, 30},      Planned{Point::kSpendCounted, 30},
    Planned{Point::kSpendCommitted, 30},   Planned{Point::kTokenBefore, 30},
    Planned{Point::kTokenAfter, 30},       Planned{Point::kTokenFailed, 3},
    Planned{Point::kWithhold, 1},          Planned{Point::kReplyBefore, 30},
    Planned{Point::kReplyAfter, 30},       Planned{Point::kSettleBefore, 1},
    Planned{Point::kSettleRecorded, 30},   Planned{Point::kRecoverRecorded, 2},
    Planned{Point::kRevokeRecorded, 2},    Planned{Point::kRevokeCommitted, 2},
    Planned{Point::kRevokeWithdrawn, 2},   Planned{Point::kFilingRecorded, 3},
    Planned{Point::kFilingCommitted, 3},   Planned{Point::kDecisionBefore, 6},
    Planned{Point::kDecisionRecorded, 6},  Planned{Point::kDecisionGranted, 3},
    Planned{Point::kDecisionCommitted, 6}, Planned{Point::kExpiryRecorded, 1},
    Planned{Point::kExpiryCommitted, 1},   Planned{Point::kRulesRecorded, 1},
    Planned{Point::kRulesCommitted, 1},    Planned{Point::kCommitBefore, 60},
    Planned{Point::kCommitAfter, 60},      Planned{Point::kCheckpointBefore, 1},
    Planned{Point::kCheckpointAfter, 1},
};

int64_t UpTo(int64_t largest, std::mt19937_64& chance) {
  return static_cast<int64_t>(chance() % static_cast<uint64_t>(largest + 1));
}

// Half of them exactly at the point, the others in the midst of what follows it.
Fault At(const Planned& planned, std::mt19937_64& chance) {
  Fault fault;
  fault.point = planned.point;
  fault.count = 1 + static_cast<int>(UpTo(planned.count_max - 1, chance));
  if (UpTo(1, chance) == 1) fault.delay = microseconds(UpTo(kDelayUsMax, chance));
  fault.limit = kPointLimit;
  return fault;
}

}  // namespace

Environment Fault::environment() const {
  if (!point) return {};
  return {{"FAILPOINT_KILL", std::string(failpoint::Name(*point)) + " " + std::to_string(count) +
                                 " " + std::to_string(delay.count())}};
}

std::string Fault::name() const {
  return point ? std::string(failpoint::Name(*point)) : "random moment";
}

bool Fault::needs_long_log() const {
  return point == Point::kCheckpointBefore || point == Point::kCheckpointAfter;
}

std::optional<Fault> FaultOfBirth(bool is_new, size_t turn, bool exactly, std::mt19937_64& chance) {
  const std::span<const Planned> planned =
      is_new ? std::span<const Planned>(kBirthOfNew) : std::span<const Planned>(kBirthOfOld);
  if (turn >= planned.size()) return std::nullopt;
  Fault fault = At(planned[turn], chance);
  if (exactly) fault.delay = microseconds(0);
  return fault;
}

Fault FaultAtWork(size_t turn, std::mt19937_64& chance) {
  const size_t points_before = turn / kTurnsToARandomMoment * (kTurnsToARandomMoment - 1);
  const size_t place = turn % kTurnsToARandomMoment;
  if (place + 1 < kTurnsToARandomMoment) {
    return At(kWork.at((points_before + place) % kWork.size()), chance);
  }
  return FaultAtRandom(chance);
}

Fault FaultAtRandom(std::mt19937_64& chance) {
  Fault fault;
  fault.limit = milliseconds(UpTo(kRandomMomentMsMax, chance));
  return fault;
}

}  // namespace grant::test
