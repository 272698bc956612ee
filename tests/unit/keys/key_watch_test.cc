#include "grantd/keys/key_watch.h"

#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/keys/keys_fixture.h"

namespace grant {
namespace {

using testing::ElementsAre;

class KeyWatchTest : public KeysTest {
 protected:
  KeyWatchTest() : store_(OpenSqliteStore(dir_ / "state").value()) {
    rules_.signers.pop_back();
    EXPECT_TRUE(store_->Write([&](Tables& tables) -> Status {
      GRANT_CHECK(tables.AppendRules(rules_, P("unix:root"), At(0)));
      return {};
    }));
  }

  // What stops the signer's key.
  std::string Unsafe() {
    RulesVersion version;
    version.version = 1;
    version.rules = rules_;
    return keys_->FindKey(*token_, kKeyId, version).value()->unsafe;
  }

  std::unique_ptr<KeyWatch> Watch(KeyWatchTimes times) {
    return std::make_unique<KeyWatch>(
        *store_, *keys_, *auditor_, [] { return At(0); }, times);
  }

  std::unique_ptr<Store> store_;
};

constexpr KeyWatchTimes kWaiting{std::chrono::hours(1), std::chrono::hours(1),
                                 std::chrono::hours(1)};

TEST_F(KeyWatchTest, ASlowUserDatabaseHoldsNoStartUpAndOpensNothing) {
  KeyWatchTimes times = kWaiting;
  times.first_look = std::chrono::milliseconds(0);
  for (const auto& [mode, unsafe] : {std::pair{0640, "pin-readable"}, std::pair{0600, ""}}) {
    SetMode(mode);
    std::promise<void> answer;
    find_ = [answered = answer.get_future().share()] {
      answered.wait();
      return Alice();
    };
    const auto watch = Watch(times);
    EXPECT_EQ(Unsafe(), unsafe);
    answer.set_value();
  }
}

TEST_F(KeyWatchTest, WhatWasMendedWhileNobodyWatchedIsInTheAudit) {
  SetMode(0644);
  Watch(kWaiting).reset();
  EXPECT_THAT(Events(*store_), ElementsAre("signer.disabled"));
  Watch(kWaiting).reset();
  EXPECT_THAT(Events(*store_), ElementsAre("signer.disabled")) << "it is known";
  SetMode(0600);
  Watch(kWaiting).reset();
  EXPECT_THAT(Events(*store_), ElementsAre("signer.disabled", "signer.enabled"));
  Watch(kWaiting).reset();
  EXPECT_THAT(Events(*store_), ElementsAre("signer.disabled", "signer.enabled"));
}

TEST_F(KeyWatchTest, WhatTheUserDatabaseToldLastCountsUntilItTellsAgain) {
  SetMode(0640);
  std::atomic<int> silent = 0;
  std::atomic<bool> answers = true;
  find_ = [&]() -> Result<std::optional<UnixUser>> {
    if (answers) return std::optional<UnixUser>();
    ++silent;
    return NoAnswer();
  };
  KeyWatchTimes times = kWaiting;
  times.new_rules = times.keys = std::chrono::milliseconds(1);
  const auto watch = Watch(times);
  EXPECT_EQ(Unsafe(), "") << "there is no such user";
  answers = false;
  while (silent < 3) std::this_thread::yield();
  EXPECT_EQ(Unsafe(), "");
}

}  // namespace
}  // namespace grant
