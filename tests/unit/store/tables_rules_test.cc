#include "store_testing.h"

namespace grant {
namespace {

TEST(TablesRules, NoneAppliedIsVersionZero) {
  Database database;
  const RulesVersion current = Must(database.tables().CurrentRules());
  EXPECT_EQ(current.version, 0);
  EXPECT_EQ(current.rules, Rules());
  EXPECT_EQ(Must(database.tables().CurrentRulesVersion()), 0);
}

TEST(TablesRules, TheLastAppliedIsCurrent) {
  Database database;
  Rules first;
  first.groups = {Group{"security", {Who("unix:bob")}}};
  Rules second = first;
  second.policies = {SomePolicy()};
  EXPECT_EQ(Must(database.tables().AppendRules(first, Who("unix:root"), At(1))), 1);
  EXPECT_EQ(Must(database.tables().AppendRules(second, Who("unix:carol"), At(2))), 2);
  const RulesVersion current = Must(database.tables().CurrentRules());
  EXPECT_EQ(current.version, 2);
  EXPECT_EQ(current.rules, second);
  EXPECT_EQ(current.applied_by, Who("unix:carol"));
  EXPECT_EQ(current.applied_at, At(2));
  EXPECT_EQ(Must(database.tables().CurrentRulesVersion()), 2);
  EXPECT_EQ(database.Count("rules_version"), 2);
  const auto earlier = Must(database.tables().FindRules(1));
  ASSERT_TRUE(earlier);
  EXPECT_EQ(earlier->rules, first);
  EXPECT_EQ(earlier->applied_by, Who("unix:root"));
  EXPECT_FALSE(Must(database.tables().FindRules(3)));
}

TEST(TablesRules, DamagedRowIsAnErrorAndNoException) {
  const char* const damages[] = {"rules = 'x'", "rules = x'31'",
                                 "applied_by = 'nobody in particular'", "applied_at = 'yesterday'",
                                 "rules_number = 'x'"};
  for (const char* damage : damages) {
    Database database;
    Must(database.tables().AppendRules(Rules(), Who("unix:root"), At(1)));
    Must(database.sql().Execute(std::string("UPDATE rules_version SET ") + damage, {}));
    const Error error = ErrorOf(database.tables().CurrentRules());
    EXPECT_EQ(error.code, Code::kInternal) << damage;
    EXPECT_NE(error.message, "no error") << damage;
  }
}

}  // namespace
}  // namespace grant
