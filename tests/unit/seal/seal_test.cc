#include "grantd/seal/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/unit/domain/builders.h"
#include "tests/unit/seal/sealable.h"

namespace grant {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Sealing : public testing::Test {
 protected:
  static Status Full() { return Fail(Code::kUnavailable, "the disk is full"); }

  static SecretBuffer Pin() {
    static constexpr uint8_t kDigits[] = {'1', '2', '3', '4'};
    return SecretBuffer::CopyOf(kDigits);
  }

  std::unique_ptr<Seal> Make(SlowToken& token, std::optional<SealRecord> record = {}) {
    return std::make_unique<Seal>(
        store_, [] { return At(0); }, std::move(record), std::vector<SealableToken*>{&token});
  }

  std::vector<std::string> Events() {
    std::vector<std::string> names;
    EXPECT_TRUE(store_.Read([&](Tables& tables) -> Status {
      GRANT_TRY(const auto entries, tables.AuditFrom(1, 100));
      for (const AuditEntry& entry : entries) names.push_back(entry.event.event);
      return {};
    }));
    return names;
  }

  const Principal root_ = P("unix:root");
  const SealRecord sealed_{root_, At(0), "of old"};
  test::TempDir dir_;
  HookedStore store_{OpenSqliteStore(dir_ / "state").value()};
};

TEST_F(Sealing, WaitsForNoTokenThatIsBeingOpened) {
  SlowToken token(PinSource::kFile);
  const auto seal = Make(token, sealed_);
  auto opening = std::async(std::launch::async, [&] { return seal->Open(root_); });
  token.AwaitWaiting();
  EXPECT_FALSE(seal->sealed());
  ASSERT_TRUE(seal->Close(P("unix:olga"), "an attack"));
  EXPECT_TRUE(seal->sealed());
  EXPECT_FALSE(token.open());
  const Status opened = opening.get();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("sealed by unix:olga"));
  EXPECT_FALSE(token.open());
  EXPECT_THAT(Events(), ElementsAre("grantd.unsealed", "grantd.sealed"));
}

TEST_F(Sealing, WaitsForNoTokenThatWasGivenItsPin) {
  SlowToken token(PinSource::kTyped);
  const auto seal = Make(token);
  auto giving =
      std::async(std::launch::async, [&] { return seal->GivePin(root_, "prod", Pin(), false); });
  token.AwaitWaiting();
  ASSERT_TRUE(seal->Close(root_, "an attack"));
  EXPECT_TRUE(token.pin_state().waiting) << "the PIN is forgotten";
  const Status given = giving.get();
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Code::kConflict);
  EXPECT_FALSE(token.open());
}

TEST_F(Sealing, RefusesBeforeItWithdraws) {
  SlowToken token(PinSource::kFile);
  const auto seal = Make(token);
  bool refused = false;
  seal->OnSealing([&] { refused = seal->sealed(); });
  ASSERT_TRUE(seal->Close(root_, "an attack"));
  EXPECT_TRUE(refused);
}

TEST_F(Sealing, TakesAPinOnlyOnceThatIsInTheAudit) {
  SlowToken token(PinSource::kTyped);
  token.GetReady();
  const auto seal = Make(token);
  store_.before_write = Full;
  EXPECT_FALSE(seal->GivePin(root_, "prod", Pin(), false));
  EXPECT_FALSE(token.open());
  EXPECT_TRUE(token.pin_state().waiting) << "the PIN is forgotten";
  EXPECT_THAT(Events(), IsEmpty());

  store_.before_write = [&]() -> Status {
    EXPECT_FALSE(token.open());
    return {};
  };
  EXPECT_TRUE(seal->GivePin(root_, "prod", Pin(), false));
  EXPECT_TRUE(token.open());
  EXPECT_THAT(Events(), ElementsAre("token.unsealed"));
}

TEST_F(Sealing, ThatCouldNotBeRecordedIsRecordedOnceItCanBe) {
  SlowToken token(PinSource::kFile);
  const auto seal = Make(token);
  seal->RecordIfOwed();
  store_.before_write = Full;
  const Status closed = seal->Close(root_, "an attack");
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().message, HasSubstr("would not outlive a restart"));
  EXPECT_TRUE(seal->sealed());
  seal->RecordIfOwed();
  EXPECT_FALSE(Seal::Find(store_)->has_value());

  store_.before_write = [] { return Status(); };
  seal->RecordIfOwed();
  seal->RecordIfOwed();
  EXPECT_THAT(Events(), ElementsAre("grantd.sealed"));
  const auto found = *Seal::Find(store_);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->reason, "an attack");
  EXPECT_FALSE(seal->Close(root_, "again"));
}

// The seal stands unrecorded; somebody lifts it while somebody else tries to seal again.
TEST_F(Sealing, IsNotLiftedByWhoeverBeganBeforeIt) {
  SlowToken token(PinSource::kFile);
  const auto seal = Make(token);
  store_.before_write = Full;
  EXPECT_FALSE(seal->Close(root_, "an attack"));
  std::future<Status> closing;
  store_.before_write = [&]() -> Status {
    if (closing.valid()) return {};
    closing = std::async(std::launch::async, [&] { return seal->Close(root_, "an attack"); });
    token.AwaitClosed(2);
    return {};
  };
  const Status opened = seal->Open(root_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kConflict);
  EXPECT_TRUE(closing.get());
  EXPECT_TRUE(seal->sealed());
  EXPECT_FALSE(token.open());
  EXPECT_THAT(Events(), ElementsAre("grantd.unsealed", "grantd.sealed"));
}

}  // namespace
}  // namespace grant
