// The pool against a module that fails when told to, and counts.
#include "grantd/hsm/session_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

struct Fake {
  std::atomic<CK_RV> login_rv{CKR_OK};
  std::atomic<CK_RV> slot_list_rv{CKR_OK};
  std::atomic<size_t> logins{0};
  std::atomic<size_t> sessions_max{1000};
  std::mutex mutex;
  std::set<CK_SESSION_HANDLE> open;
  CK_SESSION_HANDLE next = 1;
  size_t bad_closes = 0;
};
Fake* fake = nullptr;

CK_RV GetSlotList(CK_BBOOL, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
  if (slots != nullptr) slots[0] = 5;
  *count = 1;
  return fake->slot_list_rv;
}

CK_RV GetTokenInfo(CK_SLOT_ID, CK_TOKEN_INFO_PTR info) {
  std::memset(info, ' ', sizeof *info);
  std::memcpy(info->label, "prod", 4);
  info->flags = CKF_TOKEN_INITIALIZED;
  return CKR_OK;
}

CK_RV OpenSession(CK_SLOT_ID, CK_FLAGS, CK_VOID_PTR, CK_NOTIFY, CK_SESSION_HANDLE_PTR session) {
  const std::lock_guard<std::mutex> lock(fake->mutex);
  if (fake->open.size() >= fake->sessions_max) return CKR_SESSION_COUNT;
  *session = fake->next++;
  fake->open.insert(*session);
  return CKR_OK;
}

CK_RV CloseSession(CK_SESSION_HANDLE session) {
  const std::lock_guard<std::mutex> lock(fake->mutex);
  if (fake->open.erase(session) == 0) ++fake->bad_closes;
  return CKR_OK;
}

CK_RV Login(CK_SESSION_HANDLE, CK_USER_TYPE, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  ++fake->logins;
  EXPECT_EQ(std::string(pin, pin + length), "1234");
  return fake->login_rv;
}

class SessionPoolTest : public ::testing::Test {
 protected:
  SessionPoolTest() {
    fake = &fake_;
    functions_.C_GetSlotList = GetSlotList;
    functions_.C_GetTokenInfo = GetTokenInfo;
    functions_.C_OpenSession = OpenSession;
    functions_.C_CloseSession = CloseSession;
    functions_.C_Login = Login;
    settings_.name = "prod";
    settings_.module = "fake.so";
    settings_.uri = "pkcs11:token=prod";
    settings_.pin_file = dir_.Write("pin", "1234\n");
  }
  ~SessionPoolTest() override { fake = nullptr; }

  std::unique_ptr<SessionPool> Pool() {
    return std::make_unique<SessionPool>(&functions_, settings_, KeySelector{.token = "prod"},
                                         std::make_shared<TokenPinDesk>(settings_));
  }

  test::TempDir dir_;
  Fake fake_;
  CK_FUNCTION_LIST functions_{};
  TokenSettings settings_;
};

TEST_F(SessionPoolTest, ASessionIsUsedAgainAndTheLoginHappensOnce) {
  auto pool = Pool();
  CK_SESSION_HANDLE first = 0;
  {
    auto lease = pool->Acquire();
    ASSERT_TRUE(lease);
    first = lease->handle();
  }
  auto lease = pool->Acquire();
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->handle(), first);
  EXPECT_EQ(fake_.logins, 1U);
}

TEST_F(SessionPoolTest, EachLeaseHasASessionOfItsOwn) {
  auto pool = Pool();
  auto one = pool->Acquire();
  auto other = pool->Acquire();
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->handle(), other->handle());
}

TEST_F(SessionPoolTest, AllSessionsAreClosedAtTheEnd) {
  {
    auto pool = Pool();
    auto one = pool->Acquire();
    auto other = pool->Acquire();
    ASSERT_TRUE(one && other);
  }
  EXPECT_TRUE(fake_.open.empty());
  EXPECT_EQ(fake_.bad_closes, 0U);
}

TEST_F(SessionPoolTest, ADiscardedSessionIsClosedAndTheLoginKept) {
  auto pool = Pool();
  CK_SESSION_HANDLE first = 0;
  {
    auto lease = pool->Acquire();
    ASSERT_TRUE(lease);
    first = lease->handle();
    lease->Discard(CKR_DATA_LEN_RANGE);
  }
  EXPECT_EQ(fake_.open.count(first), 0U);
  ASSERT_TRUE(pool->Acquire());
  EXPECT_EQ(fake_.logins, 1U);
}

TEST_F(SessionPoolTest, ALostLoginIsRenewedOnceForTheNextCaller) {
  auto pool = Pool();
  size_t logins = 0;
  for (const CK_RV rv : {CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_REMOVED,
                         CKR_TOKEN_NOT_PRESENT}) {
    uint64_t login = 0;
    {
      auto lease = pool->Acquire();
      ASSERT_TRUE(lease);
      EXPECT_EQ(fake_.logins, ++logins);
      login = lease->login();
      lease->Discard(rv);
    }
    EXPECT_EQ(fake_.logins, logins) << "logged in before anybody asked";
    auto lease = pool->Acquire();
    ASSERT_TRUE(lease);
    EXPECT_EQ(fake_.logins, logins + 1);
    EXPECT_NE(lease->login(), login);
    // So that the next round starts with a login, too.
    lease->Discard(CKR_SESSION_CLOSED);
    ++logins;
  }
}

TEST_F(SessionPoolTest, ANewLoginWaitsForTheSessionsOfTheLostOne) {
  auto pool = Pool();
  auto held = std::make_unique<SessionResult<SessionLease>>(pool->Acquire());
  ASSERT_TRUE(*held);
  pool->Note(CKR_DEVICE_REMOVED);
  std::atomic<bool> released{false};
  std::thread next([&] {
    auto lease = pool->Acquire();
    EXPECT_TRUE(lease);
    EXPECT_TRUE(released);
  });
  released = true;
  held.reset();
  next.join();
  EXPECT_EQ(fake_.logins, 2U);
  EXPECT_EQ(fake_.bad_closes, 0U);
}

TEST_F(SessionPoolTest, ARefusedPinIsPresentedOnceWhoeverAsks) {
  fake_.login_rv = CKR_PIN_INCORRECT;
  auto pool = Pool();
  std::vector<std::thread> threads(16);
  for (std::thread& thread : threads) {
    thread = std::thread([&] {
      const auto lease = pool->Acquire();
      ASSERT_FALSE(lease);
      EXPECT_EQ(lease.error().failure.rv, CKR_PIN_INCORRECT);
      EXPECT_EQ(lease.error().error.code, Code::kUnavailable);
      EXPECT_EQ(lease.error().error.message,
                "token 'prod' refused the PIN in " + settings_.pin_file + ": CKR_PIN_INCORRECT");
      EXPECT_THAT(lease.error().error.hint, ::testing::HasSubstr("restart grantd"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(fake_.logins, 1U);
  fake_.login_rv = CKR_OK;
  EXPECT_FALSE(pool->Slot());
  EXPECT_EQ(fake_.logins, 1U);
}

TEST_F(SessionPoolTest, AnErrorThatIsNotAboutThePinIsTriedAgain) {
  fake_.login_rv = CKR_DEVICE_ERROR;
  auto pool = Pool();
  EXPECT_EQ(pool->Acquire().error().error.message, "C_Login failed: CKR_DEVICE_ERROR");
  fake_.login_rv = CKR_OK;
  EXPECT_TRUE(pool->Acquire());
}

TEST_F(SessionPoolTest, ALoginThatIsInForceAlreadyWillDo) {
  fake_.login_rv = CKR_USER_ALREADY_LOGGED_IN;
  EXPECT_TRUE(Pool()->Acquire());
}

TEST_F(SessionPoolTest, MakesDoWithTheSessionsThatTheTokenHas) {
  fake_.sessions_max = 3;  // one of them keeps the login
  auto pool = Pool();
  std::atomic<size_t> on_loan{0};
  std::atomic<size_t> most{0};
  std::vector<std::thread> threads(16);
  for (std::thread& thread : threads) {
    thread = std::thread([&] {
      for (int round = 0; round < 50; ++round) {
        auto lease = pool->Acquire();
        ASSERT_TRUE(lease) << lease.error().error.message;
        const size_t now = ++on_loan;
        for (size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --on_loan;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2U);
  EXPECT_EQ(fake_.open.size(), most + 1);
}

TEST_F(SessionPoolTest, NeverHasMoreSessionsThanItsBound) {
  auto pool = Pool();
  std::vector<SessionLease> leases;
  for (size_t i = 0; i < SessionPool::kSessionsMax; ++i) {
    auto lease = pool->Acquire();
    ASSERT_TRUE(lease);
    leases.push_back(*std::move(lease));
  }
  std::thread one_more([&] { EXPECT_TRUE(pool->Acquire()); });
  leases.pop_back();
  one_more.join();
  EXPECT_EQ(fake_.open.size(), SessionPool::kSessionsMax + 1);  // and the one that keeps the login
}

TEST_F(SessionPoolTest, AModuleThatFailsIsNamedAndAskedAgain) {
  fake_.slot_list_rv = CKR_DEVICE_ERROR;
  auto pool = Pool();
  EXPECT_EQ(pool->Acquire().error().error.message, "C_GetSlotList failed: CKR_DEVICE_ERROR");
  EXPECT_EQ(pool->Acquire().error().failure.rv, CKR_TOKEN_NOT_PRESENT);
  fake_.slot_list_rv = CKR_OK;
  EXPECT_TRUE(pool->Acquire());
}

}  // namespace
}  // namespace grant
