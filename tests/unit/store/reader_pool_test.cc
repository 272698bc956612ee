#include "grantd/store/reader_pool.h"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "store_testing.h"

namespace grant {
namespace {

class ReaderPoolTest : public testing::Test {
 protected:
  static std::vector<std::unique_ptr<sql::Connection>> Connections(const Database& database,
                                                                   size_t count) {
    std::vector<std::unique_ptr<sql::Connection>> connections;
    connections.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      connections.push_back(database.Another(SqliteConnection::Mode::kReadOnly));
    }
    return connections;
  }
  static Work SeeingEntries(int64_t expected) {
    return [expected](Tables& tables) -> Status {
      EXPECT_EQ(Must(tables.LastAudit()).number, expected);
      return {};
    };
  }

  Database database_;
  ReaderPool pool_{Connections(database_, 2)};
};

TEST_F(ReaderPoolTest, ReadsTheLastCommit) {
  Must(pool_.Read(SeeingEntries(0)));
  Must(database_.tables().AppendAudit(SomeEvent("x")));
  Must(pool_.Read(SeeingEntries(1)));
}

TEST_F(ReaderPoolTest, OneReadSeesOneSnapshot) {
  Must(pool_.Read([this](Tables& tables) -> Status {
    EXPECT_EQ(Must(tables.LastAudit()).number, 0);
    Must(database_.tables().AppendAudit(SomeEvent("meanwhile")));
    EXPECT_EQ(Must(tables.LastAudit()).number, 0);
    return {};
  }));
  Must(pool_.Read(SeeingEntries(1)));
}

TEST_F(ReaderPoolTest, ErrorsAndExceptionsLeaveItUsable) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(pool_.Read([](Tables&) { return Status(Fail(Code::kNotFound, "no")); }),
                FailsWith(Code::kNotFound));
    EXPECT_THAT(pool_.Read([](Tables&) -> Status { throw std::runtime_error("surprise"); }),
                FailsWith(Code::kInternal));
  }
  Must(database_.tables().AppendAudit(SomeEvent("x")));
  Must(pool_.Read(SeeingEntries(1)));
}

TEST_F(ReaderPoolTest, CannotWrite) {
  EXPECT_THAT(pool_.Read([](Tables& tables) -> Status {
    GRANT_CHECK(tables.AppendAudit(SomeEvent("x")));
    return {};
  }),
              FailsWith(Code::kUnavailable));
  EXPECT_EQ(database_.Count("audit_entry"), 0);
}

TEST_F(ReaderPoolTest, MoreReadersThanConnectionsAllGetTheirTurn) {
  std::atomic<int> finished = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, &finished] {
      for (int read = 0; read < 50; ++read) {
        if (pool_.Read(SeeingEntries(0))) ++finished;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(finished, 400);
}

TEST_F(ReaderPoolTest, ReadersRunSideBySide) {
  std::promise<void> second_ran;
  std::thread first([&] {
    Must(pool_.Read([&](Tables&) -> Status {
      second_ran.get_future().wait();
      return {};
    }));
  });
  Must(pool_.Read(SeeingEntries(0)));
  second_ran.set_value();
  first.join();
}

}  // namespace
}  // namespace grant
