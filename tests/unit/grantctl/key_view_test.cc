#include "tools/grantctl/key_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace grant::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Json Finding(const std::string& name, const std::string& severity, bool acknowledged = false) {
  return {{"name", name},    {"severity", severity}, {"acknowledged", acknowledged},
          {"what", "it is"}, {"why", "it matters"},  {"hint", "mend " + name}};
}

Json Report(bool enabled, const Json& findings) {
  return {{"signer", "release"},
          {"key", "pkcs11:object=k"},
          {"enabled", enabled},
          {"findings", findings}};
}

TEST(KeyView, ACriticalFindingSaysWhatToDoAndHowToAcceptIt) {
  const std::string text = KeyReportText(
      Report(false, {Finding("decrypt", "critical"), Finding("copyable", "warning")}), false);
  EXPECT_THAT(text, AllOf(HasSubstr("critical decrypt: it is\n"), HasSubstr("hint: mend decrypt\n"),
                          HasSubstr("warning  copyable: it is\n"), HasSubstr("no: "),
                          HasSubstr("acknowledge = [\"decrypt\"]")));
}

TEST(KeyView, WhatIsAcknowledgedOrUntoldNeedsNothing) {
  const std::string text = KeyReportText(
      Report(true, {Finding("decrypt", "critical", true), Finding("imported", "note")}), false);
  EXPECT_THAT(text, AllOf(HasSubstr("decrypt: it is (acknowledged)\n"), Not(HasSubstr("hint:")),
                          Not(HasSubstr("acknowledge ="))));
}

TEST(KeyView, NamesOnlyWhatStands) {
  EXPECT_EQ(
      StandingNames(Report(false, {Finding("decrypt", "critical", true),
                                   Finding("unwrap", "critical"), Finding("copyable", "warning")})),
      "unwrap\n");
}

TEST(KeyView, ControlCharactersDoNotReachTheTerminal) {
  Json finding = Finding("decrypt", "critical");
  finding["what"] = "a\x1b[31mb\nc";
  EXPECT_THAT(KeyReportText(Report(false, {finding}), false),
              AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\nc"))));
}

}  // namespace
}  // namespace grant::ctl
