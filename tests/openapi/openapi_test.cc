// docs/openapi.yaml and grantd, held against one another: its routes, every answer, and whatever
// else may be sent. The work is done by check.py, with packaged readers of YAML and JSON schemas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "grantd/api/routes.h"
#include "tests/e2e/world.h"

namespace grant::test {
namespace {

using testing::ContainsRegex;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSeed = "20261121";
constexpr const char* kRounds = "600";
constexpr uid_t kAuditorUid = 54323;
// The alarm that one of the tests raises is none.
constexpr const char* kErrorInLog = "[+-][0-9]{2}:[0-9]{2} error [^n]";

// Debian's own, for which the packages are.
Outcome Check(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"/usr/bin/python3", "-B", CHECK_SCRIPT, SPECIFICATION};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Run(command);
}

const char* NameOf(api::BodyUse use) {
  switch (use) {
    case api::BodyUse::kNone:
      return "none";
    case api::BodyUse::kOptional:
      return "optional";
    case api::BodyUse::kRequired:
    case api::BodyUse::kSecret:
      break;
  }
  return "required";
}

TEST(OpenApiRoutes, AreThoseOfGrantdAndNoOthers) {
  nlohmann::json routes = nlohmann::json::array();
  for (const api::Route& route : api::Routes()) {
    std::vector<std::string> query = route.query;
    std::sort(query.begin(), query.end());
    routes.push_back({{"route", std::string(route.method) + " " + std::string(route.path)},
                      {"query", query},
                      {"body", NameOf(route.body)},
                      {"if_match", route.takes_if_match}});
  }
  const TempDir directory;
  const Outcome outcome = Check({"routes", directory.Write("routes.json", routes.dump())});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

class OpenApi : public testing::Test {
 protected:
  void SetUp() override {
    if (!IsRoot()) GTEST_SKIP() << "needs root, to act as users of their own";
    world_.ConfigureSite("auditors = [\"" + PrincipalOf(kAuditorUid) + "\"]\n");
    world_.softhsm().AddToken("spare", World::kPin);
    world_.ConfigureDaemon("[[token]]\nname = \"spare\"\nmodule = \"" +
                           std::string(SoftHsm::Module()) +
                           "\"\nuri = \"pkcs11:token=spare\"\npin_source = \"unseal\"\n");
    world_.Start();
    world_.ApplyRules({PrincipalOf(0)});
    // A grant with a use, and a refusal to explain.
    const std::string grant = world_.Grant(1);
    const auto host = world_.NewHost();
    ASSERT_EQ(host->Do("find release-key"), "CKR_OK");
    const std::string sign = "sign ECDSA hex:" + std::string(64, 'a');
    ASSERT_THAT(host->Do(sign), StartsWith("CKR_OK "));
    ASSERT_EQ(host->Do(sign), "CKR_FUNCTION_REJECTED C_Sign");
    ASSERT_EQ(world_.Used(grant), 1);
  }

  void TearDown() override {
    if (!IsRoot()) return;
    EXPECT_EQ(world_.CtlJson({"audit", "verify"}).at("intact"), true);
    EXPECT_EQ(world_.Stop(), 0);
    EXPECT_THAT(world_.Log(), Not(ContainsRegex(kErrorInLog)));
  }

  World world_{{{KeyKind::kP256, "release-key", "01"},
                {KeyKind::kP256, "board-key", "02"},
                {KeyKind::kP256, "spare-key", "03"}}};
};

TEST_F(OpenApi, EveryAnswerThatItDescribesIsGivenByGrantd) {
  // For an alarm that can be acknowledged.
  ASSERT_EQ(world_.Stop(), 0);
  std::filesystem::remove(world_.directory() / "state/grantd.mark");
  world_.Start();
  const Outcome outcome = Check({"answers", world_.api_path()});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

TEST_F(OpenApi, WhateverIsSentIsAnsweredAsItDescribes) {
  const Outcome outcome = Check({"fuzz", world_.api_path(), kSeed, kRounds});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

}  // namespace
}  // namespace grant::test
