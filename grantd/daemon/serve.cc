#include "grantd/daemon/serve.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "grantd/api/api.h"
#include "grantd/api/http_server.h"
#include "grantd/api/json.h"
#include "grantd/backup/backups.h"
#include "grantd/config/nearest_name.h"
#include "grantd/config/zone_files.h"
#include "grantd/daemon/process.h"
#include "grantd/daemon/repeated_work.h"
#include "grantd/gate/server.h"
#include "grantd/gate/signing.h"
#include "grantd/guard/guard.h"
#include "grantd/keys/key_desk.h"
#include "grantd/keys/key_watch.h"
#include "grantd/metrics/exposition.h"
#include "grantd/net/unix_socket.h"
#include "grantd/net/user_database.h"
#include "grantd/notify/notifier.h"
#include "grantd/operations/metrics_page.h"
#include "grantd/operations/readiness.h"
#include "grantd/operations/system_report.h"
#include "grantd/operations/totals_cache.h"
#include "grantd/seal/seal.h"
#include "grantd/store/database_file.h"
#include "grantd/store/store.h"
#include "grantd/supervisor/worker_token.h"
#include "grantd/workflow/workflow.h"

namespace grant::daemon {
namespace {

constexpr std::chrono::milliseconds kDrainLimit{30'000};
constexpr timespec kMaintenanceInterval{0, 500'000'000};
constexpr std::chrono::milliseconds kCompletionInterval{500};

using Tokens = std::vector<std::unique_ptr<SealableToken>>;

Result<Tokens> OpenTokens(const Config& config, const std::optional<SealRecord>& sealed) {
  Tokens tokens;
  std::optional<Error> closed_for;
  if (sealed) {
    closed_for = Seal::Why(*sealed);
    spdlog::warn("{}; hint: {}", closed_for->message, closed_for->hint);
  }
  for (const TokenSettings& settings : config.tokens) {
    GRANT_TRY(auto token, OpenWorkerToken(settings, {config.hsm_worker, {}, closed_for}));
    if (closed_for) {
      spdlog::info("token {}: not logged in to", settings.name);
    } else if (token->pin_state().waiting) {
      spdlog::warn("token {}: its PIN is to be typed in; hint: grantctl unseal --token {}",
                   settings.name, settings.name);
    } else if (token->Describe().present) {
      spdlog::info("token {}: logged in through {}", settings.name, settings.module);
    } else {
      spdlog::warn("token {}: absent; it is served once it is there", settings.name);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::vector<SealableToken*> Sealable(const Tokens& tokens) {
  std::vector<SealableToken*> sealable;
  for (const auto& token : tokens) sealable.push_back(token.get());
  return sealable;
}

std::vector<std::unique_ptr<Token>> Plain(Tokens tokens) {
  std::vector<std::unique_ptr<Token>> plain;
  for (auto& token : tokens) plain.push_back(std::move(token));
  return plain;
}

Status RecordEvent(Store& store, std::string_view event) {
  GRANT_TRY(const Principal self, SelfPrincipal());
  return store.Write([&](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(
        {Now(), std::string(event), self, "", "", R"({"version":")" GRANT_VERSION R"("})"}));
    return {};
  });
}

// Where nobody writes because nothing could be written, somebody has to find out that it can be.
void TryToWrite(Store& store) {
  if (!store.Writing().failure) return;
  if (store.Write([](Tables& tables) { return tables.WriteProbe(Now()); })) {
    spdlog::info("the database can be written again");
  }
}

// What the thread with the signs of life does, so it must not wait for the user database.
void Maintain(Store& store, Guard& guard, Workflow& workflow, Signing& signing) {
  guard.Maintain(store);
  TryToWrite(store);
  if (const auto expired = workflow.ExpireOverdue(); !expired) {
    spdlog::error("expiry of requests: {}", expired.error().message);
  } else if (*expired > 0) {
    spdlog::info("{} requests expired", *expired);
  }
  if (const Status flushed = signing.FlushOutcomes(); !flushed) {
    spdlog::error("outcomes of signatures: {}", flushed.error().message);
  }
  // What stands in its way is told by the next write.
  (void)store.Rest();
}

void Complete(Workflow& workflow) {
  if (const auto completed = workflow.CompleteDue(); !completed) {
    spdlog::error("requests that are complete again: {}", completed.error().message);
  } else if (*completed > 0) {
    spdlog::info("{} requests are complete again", *completed);
  }
}

Result<std::unique_ptr<Notifier>> StartNotifier(Store& store, const Config& config,
                                                const ZoneOf& zone_of) {
  CourierOptions options;
  options.lookups = {UnixGroupsOf, UnixGroupMembers, config.auditors, zone_of};
  options.now = Now;
  options.jitter = [engine = std::minstd_rand(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
  GRANT_TRY(options.self, SelfPrincipal());
  return Notifier::Start(store, config.notify, {api::RequestJson, api::GrantJson},
                         std::move(options));
}

Surroundings MakeSurroundings(const Config& config, Store& store, Guard& guard, KeyAuditor& auditor,
                              Signing& signing, Notifier& notifier, ZoneOf zone_of) {
  Surroundings surroundings;
  surroundings.now = Now;
  surroundings.entropy = Entropy;
  surroundings.secret_entropy = KernelEntropy;
  surroundings.groups_of = UnixGroupsOf;
  surroundings.admins = config.admins;
  surroundings.auditors = config.auditors;
  surroundings.members_of = UnixGroupMembers;
  surroundings.zone_of = std::move(zone_of);
  surroundings.channels = {config.notify.mail.has_value(), config.notify.webhook.has_value()};
  surroundings.canonical_of = CanonicalUser;
  surroundings.nearest_to = [](const Principal& unknown) {
    const std::string nearest = NearestName(unknown.text(), UnixUserNames());
    return nearest.empty() ? "getent passwd lists the users" : "did you mean '" + nearest + "'?";
  };
  surroundings.open_requests_max = config.max_open_requests;
  surroundings.check_keys = [&auditor](const Rules& rules, const Rules& in_force) {
    return auditor.CheckRules(rules, in_force);
  };
  surroundings.withdraw = [&signing](const std::string& id) { signing.Withdraw(id); };
  surroundings.alarms = [&guard] { return guard.Alarms(); };
  surroundings.acknowledge = [&store, &guard](const Principal& by, const std::string& reason,
                                              const Guard::OnRestored& on_restored) {
    return guard.Acknowledge(store, by, reason, on_restored);
  };
  surroundings.mark = [&guard] { return guard.mark(); };
  if (config.notify.any()) surroundings.announced = [&notifier] { notifier.Wake(); };
  return surroundings;
}

GateLimits GateLimitsOf(const LimitSettings& settings) {
  GateLimits limits;
  limits.connections_max = settings.gate_connections;
  limits.connections_per_uid_max = settings.gate_connections_per_user;
  return limits;
}

api::HttpLimits HttpLimitsOf(const LimitSettings& settings) {
  api::HttpLimits limits;
  limits.connections_max = settings.api_connections;
  limits.connections_per_user_max = settings.api_connections_per_user;
  return limits;
}

// This thread lives, and so does the store's writer, which has answered it. A write that fails is
// an answer too: a restart mends no full disk.
void ShowLife(Store& store, ServiceManager& manager) {
  if (!manager.LifeSignDue()) return;
  static_cast<void>(store.Write([](Tables&) { return Status(); }));
  manager.GiveLifeSign();
}

Result<Listener> Listen(ServiceManager& manager, const std::string& name,
                        const std::string& address) {
  Descriptor socket = manager.Take(name);
  if (socket.open()) return Listener::Adopt(std::move(socket), address);
  return Listener::Open(address);
}

std::string ShowMetrics(Signing& signing, const MetricsSources& sources) {
  metrics::Exposition page;
  signing.metrics().Show(page);
  ShowOperations(sources, Now(), page);
  return page.text();
}

// An auditor whose name vanishes from the user database stays one.
std::vector<Principal> WithNumbers(std::vector<Principal> people) {
  std::vector<Principal> numbers;
  for (const Principal& person : people) {
    if (person.scheme() != "unix") continue;
    const auto user = FindUnixUser(person.name());
    if (!user || !*user) continue;
    auto number = Principal::Parse("unix:#" + std::to_string((*user)->uid));
    if (number) numbers.push_back(*std::move(number));
  }
  people.insert(people.end(), numbers.begin(), numbers.end());
  return people;
}

std::vector<api::TokenPresence> Presence(KeyDirectory& keys) {
  std::vector<api::TokenPresence> presence;
  for (const gate::TokenRecord& token : keys.Describe()) {
    presence.push_back({token.name, token.present});
  }
  return presence;
}

}  // namespace

Status Serve(const Config& given, const sigset_t& ending, ServiceManager& manager) {
  Config config = given;
  config.auditors = WithNumbers(config.auditors);
  Guard guard(config.mark_file, ReadClocks);
  GRANT_TRY(auto store, OpenSqliteStore(config.state_dir, [&guard](const AuditHead& head) {
              guard.Committed(head);
            }));
  GRANT_CHECK(guard.Begin(*store));
  GRANT_TRY(const auto sealed, Seal::Find(*store));
  GRANT_TRY(auto tokens, OpenTokens(config, sealed));
  const std::vector<SealableToken*> sealable = Sealable(tokens);
  KeyDirectory keys(Plain(std::move(tokens)));
  Seal seal(*store, Now, sealed, sealable);
  Inventory inventory(*store, keys);
  const LimitSettings& limits = config.limits;
  Logins logins(*store, keys, Now, UnixGroupsOf,
                {limits.wrong_secrets, limits.wrong_secrets_span, limits.wrong_secrets_lock,
                 limits.wrong_secrets_lock_longest});
  UserQuotas quotas(
      {limits.open_operations_per_user, size_t{limits.kept_mib_per_user} * 1024 * 1024});
  ZoneFiles zones;
  const ZoneOf zone_of = [&zones](const std::string& name) { return zones.Find(name); };
  Signing signing(*store, keys, logins, Now, Site{config.auditors, zone_of}, [&guard, &seal] {
    auto refusal = seal.refusal();
    return refusal ? refusal : guard.Alarm();
  });
  seal.OnSealing([&signing] { signing.WithdrawAll(); });
  PublicOperations public_operations(keys);
  GRANT_TRY(const size_t unsettled, signing.RecoverUnsettled());
  if (unsettled > 0) spdlog::warn("{} signatures of an earlier run are unsettled", unsettled);
  GRANT_TRY(const auto notifier, StartNotifier(*store, config, zone_of));
  KeyAuditor auditor(keys);
  Workflow workflow(*store,
                    MakeSurroundings(config, *store, guard, auditor, signing, *notifier, zone_of));
  const auto alarms = [&guard, &seal] {
    std::vector<Refusal> standing = guard.Alarms();
    if (auto sealed_now = seal.refusal()) standing.push_back(*std::move(sealed_now));
    return standing;
  };
  KeyDesk key_desk(*store, workflow, keys, auditor,
                   {Now, KernelEntropy, alarms, signing.deliveries()});
  Backups backups(*store, config.state_dir + "/" + kDatabaseName,
                  {config.backup_dir, config.backups_kept}, Now);
  TotalsCache totals(*store, Now);
  const MetricsSources sources{keys, *store, alarms, totals, config.state_dir, Now()};
  const api::Api api(
      {workflow, key_desk, [&keys] { return Presence(keys); },
       [&notifier] { return notifier->States(); },
       [&signing, &sources] { return ShowMetrics(signing, sources); }, config.api_address,
       config.gate_address, [&backups](const Principal& by) { return backups.Make(by); },
       [&keys, &store, &alarms] { return WhyNotReady(keys, *store, alarms()); },
       [&store] { return WriterStalled(*store); },
       [&config, &keys, &totals] { return ReportSystem(config, keys, totals); }, &seal});

  GRANT_TRY(Listener gate_listener, Listen(manager, "gate", config.gate_address));
  GRANT_TRY(Listener api_listener, Listen(manager, "api", config.api_address));
  GRANT_CHECK(RecordEvent(*store, event::kStarted));
  std::optional<KeyWatch> key_watch(std::in_place, *store, keys, auditor, Now);
  std::optional<RepeatedWork> completion(std::in_place, kCompletionInterval,
                                         [&workflow] { Complete(workflow); });
  GRANT_TRY(auto gate, GateServer::Start(std::move(gate_listener),
                                         {inventory, logins, signing, public_operations, quotas},
                                         GateLimitsOf(limits)));
  GRANT_TRY(auto http,
            api::HttpServer::Start(std::move(api_listener), HttpLimitsOf(limits),
                                   [&api](const auto& request) { return api.Handle(request); }));
  spdlog::info("grantd {} serves {} and {}", GRANT_VERSION, config.api_address,
               config.gate_address);

  manager.Ready("serving " + config.api_address + " and " + config.gate_address);

  while (sigtimedwait(&ending, nullptr, &kMaintenanceInterval) < 0) {
    Maintain(*store, guard, workflow, signing);
    seal.RecordIfOwed();
    ShowLife(*store, manager);
  }

  manager.Stopping();
  spdlog::info("stopping: running calls finish first");
  backups.Stop();
  gate->Drain(kDrainLimit);
  http->Drain(kDrainLimit);
  key_watch.reset();
  completion.reset();
  GRANT_CHECK(signing.FlushOutcomes());
  GRANT_CHECK(RecordEvent(*store, event::kStopped));
  return guard.Sync();
}

}  // namespace grant::daemon
