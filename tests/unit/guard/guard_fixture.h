// A guard over a real store, with the test's clocks.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "grantd/guard/guard.h"
#include "tests/support/temp_dir.h"

namespace grant {

inline AuditEvent SomeEvent(Time at, std::string_view event = "test.event") {
  return {at, std::string(event), Principal::Parse("unix:alice").value(), "grt_1", "release", "{}"};
}

// What grantd has open during one run.
struct OneRun {
  OneRun(const std::string& state_dir, const std::string& mark_path,
         std::function<ClockReading()> clock)
      : guard(mark_path, std::move(clock)),
        store(OpenSqliteStore(state_dir, [this](const AuditHead& head) { guard.Committed(head); })
                  .value()),
        begun(guard.Begin(*store)) {}

  Guard guard;
  std::unique_ptr<Store> store;
  Status begun;
};

}  // namespace grant
