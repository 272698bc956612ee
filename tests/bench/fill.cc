#include "tests/bench/fill.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "grantd/domain/id.h"
#include "grantd/store/store.h"

namespace grant::bench {
namespace {

constexpr size_t kRowsAtOnce = 2000;
constexpr size_t kHolders = 1000;

Time Now() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

IdEntropy EntropyOf(size_t number) {
  IdEntropy entropy{};
  for (uint8_t& byte : entropy) {
    byte = static_cast<uint8_t>(number);
    number >>= 8;
  }
  return entropy;
}

Principal Somebody(size_t number) {
  return Principal::Parse(fmt::format("unix:user{}", number % kHolders)).value();
}

// Runs `add(tables, i)` for each of `count` rows.
void Fill(const std::string& state_dir, size_t count,
          const std::function<Status(Tables&, size_t)>& add) {
  auto store = OpenSqliteStore(state_dir);
  if (!store) throw std::runtime_error(store.error().message);
  for (size_t first = 0; first < count; first += kRowsAtOnce) {
    const size_t end = std::min(count, first + kRowsAtOnce);
    const Status written = (*store)->Write([&](Tables& tables) -> Status {
      for (size_t i = first; i < end; ++i) GRANT_CHECK(add(tables, i));
      return {};
    });
    if (!written) throw std::runtime_error(written.error().message);
  }
}

Grant MakeGrant(size_t i, const std::string& label, const Principal& caller, Time now) {
  const Time filed = now - std::chrono::hours(24) - std::chrono::seconds(i);
  Grant made;
  made.id = MakeId(kGrantPrefix, filed, EntropyOf(i));
  made.request_id = MakeId(kRequestPrefix, filed, EntropyOf(i));
  made.signer = label;
  made.holder = i % 100 == 0 ? caller : Somebody(i);
  made.not_before = filed;
  made.not_after = i % 100 == 1 ? now + std::chrono::hours(8) : filed + std::chrono::hours(8);
  made.max_signings = 3;
  made.used = i % 100 == 1 ? 1 : 3;
  return made;
}

Request RequestOf(const Grant& made) {
  Request request;
  request.id = made.request_id;
  request.signer = made.signer;
  request.requester = made.holder;
  request.status = RequestStatus::kApproved;
  request.created_at = made.not_before;
  request.expires_at = made.not_before + std::chrono::hours(24);
  request.window.duration = std::chrono::hours(8);
  request.signings = made.max_signings;
  request.justification = "a release";
  request.policy.name = "bench";
  request.grant_id = made.id;
  return request;
}

}  // namespace

void FillGrants(const std::string& state_dir, size_t grants, const std::string& label,
                const std::string& caller) {
  const Principal who = Principal::Parse(caller).value();
  const Time now = Now();
  Fill(state_dir, grants, [&](Tables& tables, size_t i) -> Status {
    const Grant made = MakeGrant(i, label, who, now);
    GRANT_CHECK(tables.InsertRequest(RequestOf(made)));
    return tables.InsertGrant(made);
  });
}

void FillAudit(const std::string& state_dir, size_t entries, const std::string& label,
               const std::string& caller) {
  const Principal who = Principal::Parse(caller).value();
  const Time now = Now();
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::string detail = fmt::format(
      R"({{"digests":["{}"],"key":"{}","mechanism":"ECDSA","pid":1,"program":"/usr/bin/openssl",)"
      R"("token":"prod","uid":0}})",
      digest, label);
  Fill(state_dir, entries, [&](Tables& tables, size_t) -> Status {
    GRANT_TRY(const int64_t entry, tables.AppendAudit({now, std::string(event::kSignatureSpent),
                                                       who, label, label, detail}));
    return tables.InsertUse(
        {entry, "", label, who, now, "ECDSA", digest, "/usr/bin/openssl", UseOutcome::kSigned});
  });
}

}  // namespace grant::bench
