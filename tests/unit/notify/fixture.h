// A store with rules in force, a workflow over it, and a clock of the test's.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "grantd/store/store.h"
#include "grantd/workflow/workflow.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"

namespace grant {

// A policy of two steps: bob or carol, who are the group security, then dave; both want
// notification. Everybody but carol has an address.
inline Rules NotifyingRules() {
  Rules rules = MakeRules();
  rules.policies[0].steps = {{"Security review", Ps({"group:security"}), 1, true},
                             {"Release", Ps({"unix:dave"}), 1, true}};
  for (const char* name : {"alice", "bob", "dave"}) {
    rules.users.push_back(
        {P(std::string("unix:") + name), UserKind::kPerson, std::string(name) + "@example.com"});
  }
  return rules;
}

class NotifyTest : public testing::Test {
 protected:
  NotifyTest() {
    spdlog::set_level(spdlog::level::off);
    store_ = OpenSqliteStore(directory_.path()).value();
    Surroundings surroundings;
    surroundings.now = [this] { return now_; };
    surroundings.entropy = [this] {
      IdEntropy entropy{};
      ++drawn_;
      for (size_t i = 0; i < sizeof(drawn_); ++i) {
        entropy[entropy.size() - 1 - i] = static_cast<uint8_t>(drawn_ >> (8 * i));
      }
      return entropy;
    };
    surroundings.groups_of = NoGroups;
    surroundings.admins = {P("unix:root")};
    surroundings.check_keys = [](const Rules&, const Rules&) {
      return Result<std::vector<std::string>>();
    };
    surroundings.withdraw = [](const std::string&) {};
    surroundings.announced = [this] { ++announced_; };
    workflow_ = std::make_unique<Workflow>(*store_, std::move(surroundings));
    ApplyRules(NotifyingRules());
  }

  void ApplyRules(const Rules& rules) {
    const auto change = workflow_->ApplyRules(Who("unix:root"), rules, false);
    if (!change) throw std::runtime_error(change.error().message);
  }

  // Files a request as alice, another each time, and returns its ID.
  std::string File() {
    Wish wish = MakeWish();
    wish.justification += "-" + std::to_string(drawn_);
    const auto filed = workflow_->File(Who("unix:alice"), wish);
    if (!filed) throw std::runtime_error(filed.error().message);
    return filed->view.request.id;
  }

  template <typename Work>
  auto Read(const Work& work) {
    typename decltype(work(std::declval<Tables&>()))::value_type value{};
    const Status status = store_->Read([&](Tables& tables) -> Status {
      GRANT_TRY(value, work(tables));
      return {};
    });
    if (!status) throw std::runtime_error(status.error().message);
    return value;
  }

  std::vector<Notification> Unprepared() {
    return Read([](Tables& tables) { return tables.UnpreparedNotifications(100); });
  }

  std::vector<AuditEntry> AuditedFailures() {
    return Read([](Tables& tables) {
      AuditFilter filter;
      filter.event = std::string(event::kNotificationFailed);
      return tables.ListAudit(filter);
    });
  }

  test::TempDir directory_;
  Time now_ = At(0);
  uint64_t drawn_ = 0;
  int announced_ = 0;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Workflow> workflow_;
};

}  // namespace grant
