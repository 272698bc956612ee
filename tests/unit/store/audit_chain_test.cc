#include "grantd/store/audit_chain.h"

#include <fmt/format.h>

#include "store_testing.h"

namespace grant {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr int kChainEntries = 7;

class AuditChain : public testing::Test {
 protected:
  AuditChain() {
    for (int i = 1; i <= kChainEntries; ++i) {
      Must(database_.tables().AppendAudit(SomeEvent(GrantId(i))));
    }
    // Tampering is not hindered by what only grantd enforces.
    Must(database_.sql().Script("PRAGMA foreign_keys = OFF"));
  }

  int64_t Change(const std::string& text, const std::vector<sql::Value>& values = {}) {
    return Must(database_.sql().Execute(text, values));
  }
  std::optional<std::string> Fault() { return Must(VerifyChain(database_.tables())).fault; }
  // Runs `tamper`, looks, and undoes it.
  template <typename Tamper>
  std::string FaultAfter(Tamper tamper) {
    Must(database_.sql().Script("BEGIN"));
    tamper();
    const std::optional<std::string> fault = Fault();
    Must(database_.sql().Script("ROLLBACK"));
    return fault.value_or("none");
  }

  Database database_;
};

TEST_F(AuditChain, IntactOneHasNoFault) {
  const ChainReport report = Must(VerifyChain(database_.tables()));
  EXPECT_EQ(report.fault, std::nullopt);
  EXPECT_EQ(report.entries, kChainEntries);
  EXPECT_EQ(report.last_hash, Must(database_.tables().LastAudit()).hash);
}

TEST(AuditChainEmpty, HasNoFault) {
  Database database;
  const ChainReport report = Must(VerifyChain(database.tables()));
  EXPECT_EQ(report.fault, std::nullopt);
  EXPECT_EQ(report.entries, 0);
  EXPECT_EQ(report.last_hash, ChainStart());
}

TEST(AuditChainLong, IsFollowedOverManyPages) {
  Database database;
  Must(database.sql().Script("BEGIN"));
  for (int i = 0; i < 1500; ++i) Must(database.tables().AppendAudit(SomeEvent("x")));
  Must(database.sql().Script("COMMIT"));
  EXPECT_EQ(Must(VerifyChain(database.tables())).entries, 1500);
  Must(
      database.sql().Execute("UPDATE audit_entry SET detail = '{}' WHERE entry_number = 1234", {}));
  EXPECT_EQ(Must(VerifyChain(database.tables())).fault, "entry 1234 was changed");
}

TEST_F(AuditChain, AnyFlippedByteOfAnyTextIsFound) {
  for (const char* column :
       {"event_name", "actor", "subject", "signer", "detail", "previous_hash", "entry_hash"}) {
    const std::string select =
        fmt::format("SELECT {} FROM audit_entry WHERE entry_number = 3", column);
    const std::string original = Must(database_.sql().Query(select, {}))[0].text(0);
    for (size_t i = 0; i < original.size(); ++i) {
      std::string changed = original;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      const std::string fault = FaultAfter([&] {
        Change(fmt::format("UPDATE audit_entry SET {} = $1 WHERE entry_number = 3", column),
               {changed});
      });
      EXPECT_THAT(fault, StartsWith("entry 3 was changed")) << column << " byte " << i;
    }
  }
}

TEST_F(AuditChain, AnyFlippedBitOfAnyNumberIsFound) {
  for (int bit = 0; bit < 64; ++bit) {
    const auto flip = [bit](int64_t value) {
      return static_cast<int64_t>(static_cast<uint64_t>(value) ^ (uint64_t{1} << bit));
    };
    EXPECT_EQ(FaultAfter([&] {
                Change("UPDATE audit_entry SET recorded_at = $1 WHERE entry_number = 3",
                       {flip(ToMillis(At(1500)))});
              }),
              "entry 3 was changed");
    const int64_t moved = flip(3);
    if (moved >= 1 && moved <= kChainEntries) continue;  // taken by another entry
    EXPECT_NE(FaultAfter([&] {
                Change("UPDATE audit_entry SET entry_number = $1 WHERE entry_number = 3", {moved});
              }),
              "none")
        << moved;
  }
}

TEST_F(AuditChain, LengthsKeepFieldsApart) {
  AuditEvent left = SomeEvent("ab");
  left.signer = "c";
  AuditEvent right = SomeEvent("a");
  right.signer = "bc";
  EXPECT_NE(EntryHash(1, left, ChainStart()), EntryHash(1, right, ChainStart()));
}

TEST_F(AuditChain, ValueOfAnotherTypeIsFound) {
  for (const char* change : {"actor = 'nobody in particular'", "detail = x'31'", "signer = x'00'",
                             "recorded_at = 'x'"}) {
    const std::string fault = FaultAfter(
        [&] { Change(fmt::format("UPDATE audit_entry SET {} WHERE entry_number = 3", change)); });
    EXPECT_THAT(fault, StartsWith("entry 3 ")) << change;
  }
}

TEST_F(AuditChain, AnyRemovedEntryIsFound) {
  for (int64_t number = 1; number <= kChainEntries; ++number) {
    EXPECT_EQ(
        FaultAfter([&] { Change("DELETE FROM audit_entry WHERE entry_number = $1", {number}); }),
        fmt::format("entry {} is missing", number));
  }
  EXPECT_EQ(FaultAfter([&] { Change("DELETE FROM audit_entry"); }), "entry 1 is missing");
}

TEST_F(AuditChain, RemovedLastEntryStaysMissingWhenMoreFollow) {
  Change("DELETE FROM audit_entry WHERE entry_number = $1", {int64_t{kChainEntries}});
  EXPECT_EQ(Must(database_.tables().AppendAudit(SomeEvent("later"))), kChainEntries + 1);
  EXPECT_EQ(Fault(), fmt::format("entry {} is missing", kChainEntries));
}

TEST_F(AuditChain, RemovedEntryIsFoundThoughTheRestMovesUp) {
  for (int64_t number = 1; number < kChainEntries; ++number) {
    const std::string fault = FaultAfter([&] {
      Change("DELETE FROM audit_entry WHERE entry_number = $1", {number});
      for (int64_t later = number + 1; later <= kChainEntries; ++later) {
        Change("UPDATE audit_entry SET entry_number = $1 WHERE entry_number = $2",
               {later - 1, later});
      }
    });
    EXPECT_EQ(fault, fmt::format("entry {} was changed", number));
  }
}

TEST_F(AuditChain, SwappedEntriesAreFound) {
  const std::string fault = FaultAfter([&] {
    for (auto [from, to] : {std::pair<int64_t, int64_t>{3, 99}, {4, 3}, {99, 4}}) {
      Change("UPDATE audit_entry SET entry_number = $2 WHERE entry_number = $1", {from, to});
    }
  });
  EXPECT_EQ(fault, "entry 3 was changed");
}

// An intruder who knows how to compute a hash, but does not rewrite all that follows.
TEST_F(AuditChain, WellFormedForgeryInTheMiddleIsFound) {
  const AuditEntry second = Must(database_.tables().AuditFrom(2, 1)).at(0);
  AuditEvent forged = SomeEvent("forged");
  const std::string hash = EntryHash(3, forged, second.hash);
  const std::string fault = FaultAfter([&] {
    Change("UPDATE audit_entry SET subject = 'forged', entry_hash = $1 WHERE entry_number = 3",
           {hash});
  });
  EXPECT_EQ(fault, "entry 4 does not follow the entry before it");
}

TEST_F(AuditChain, InsertedEntryIsFound) {
  const auto insert = [this](int64_t number, const std::string& previous) {
    const AuditEvent event = SomeEvent("inserted");
    Change(
        "INSERT INTO audit_entry (entry_number, recorded_at, event_name, actor, subject, signer, "
        "detail, previous_hash, entry_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {number, ToMillis(event.at), event.event, event.actor.text(), event.subject, event.signer,
         event.detail, previous, EntryHash(number, event, previous)});
  };
  const std::string last = Must(database_.tables().LastAudit()).hash;
  EXPECT_EQ(FaultAfter([&] { insert(kChainEntries + 1, last); }),
            fmt::format("entry {} was added by somebody else than grantd", kChainEntries + 1));
  EXPECT_EQ(FaultAfter([&] { insert(kChainEntries + 5, last); }),
            fmt::format("entry {} is missing", kChainEntries + 1));
  EXPECT_THAT(FaultAfter([&] { insert(0, ChainStart()); }), HasSubstr("does not belong"));
  EXPECT_THAT(FaultAfter([&] { insert(-5, ChainStart()); }), HasSubstr("does not belong"));
}

TEST_F(AuditChain, EndThatWasChangedOrRemovedIsNoticed) {
  EXPECT_THAT(FaultAfter([&] { Change("UPDATE audit_head SET entry_hash = 'x'"); }),
              HasSubstr(fmt::format("entry {}", kChainEntries)));
  EXPECT_NE(FaultAfter([&] { Change("UPDATE audit_head SET entry_number = 3"); }), "none");
  Change("DELETE FROM audit_head");
  EXPECT_EQ(Fault(), "the end of the audit chain is missing");
  EXPECT_THAT(database_.tables().AppendAudit(SomeEvent("x")), FailsWith(Code::kInternal));
}

}  // namespace
}  // namespace grant
