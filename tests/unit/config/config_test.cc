#include "grantd/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace grant {
namespace {

constexpr char kMinimal[] = R"(state_dir = "/var/lib/grantd"
[[token]]
name = "prod"
module = "/usr/lib/softhsm/libsofthsm2.so"
uri = "pkcs11:token=prod"
pin_file = "/etc/grantd/prod.pin"
)";

TEST(Config, HasDefaultsForWhatIsNotSaid) {
  const auto config = ParseConfig(kMinimal, "grantd.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->state_dir, "/var/lib/grantd");
  EXPECT_EQ(config->mark_file, "/var/lib/grantd/grantd.mark");
  EXPECT_THAT(config->admins, ::testing::ElementsAre(*Principal::Parse("unix:root")));
  EXPECT_EQ(config->max_open_requests, 20U);
  EXPECT_EQ(config->api_address, "unix:/run/grantd/api.sock");
  EXPECT_EQ(config->gate_address, "unix:/run/grantd/gate.sock");
  ASSERT_EQ(config->tokens.size(), 1U);
  EXPECT_EQ(config->tokens[0].name, "prod");
  EXPECT_EQ(config->tokens[0].module, "/usr/lib/softhsm/libsofthsm2.so");
  EXPECT_EQ(config->tokens[0].uri, "pkcs11:token=prod");
  EXPECT_EQ(config->tokens[0].pin_file, "/etc/grantd/prod.pin");
  EXPECT_FALSE(config->tokens[0].accept_any_pin);
}

TEST(Config, LogAndBackupsHaveDefaultsAndBounds) {
  const auto plain = ParseConfig(kMinimal, "grantd.toml");
  EXPECT_EQ(plain->backup_dir, "/var/lib/grantd/backups");
  EXPECT_EQ(plain->backups_kept, 7U);
  EXPECT_EQ(plain->log.format, log::Format::kText);
  const std::string more = "backup_dir = \"/srv/b\"\nbackups_kept = 3\n" + std::string(kMinimal) +
                           "[log]\nformat = \"journal\"\nlevel = \"warning\"\n";
  const auto given = ParseConfig(more, "grantd.toml");
  ASSERT_TRUE(given) << given.error().message;
  EXPECT_EQ(given->backup_dir, "/srv/b");
  EXPECT_EQ(given->backups_kept, 3U);
  EXPECT_EQ(given->log.format, log::Format::kJournal);
  EXPECT_EQ(given->log.level, log::Level::kWarning);
  EXPECT_NE(given->digest, plain->digest);
  for (const char* wrong :
       {"[log]\nformat = \"xml\"\n", "[log]\nlevel = \"loud\"\n", "[log]\nfile = \"/x\"\n"}) {
    EXPECT_FALSE(ParseConfig(kMinimal + std::string(wrong), "grantd.toml")) << wrong;
  }
  for (const char* wrong : {"backup_dir = \"b\"\n", "backups_kept = 0\n"}) {
    EXPECT_FALSE(ParseConfig(wrong + std::string(kMinimal), "grantd.toml")) << wrong;
  }
}

TEST(Config, AMarkFileIsAnAbsolutePathOfAFile) {
  for (const char* path : {"grantd.mark", "/srv/"}) {
    const auto config =
        ParseConfig("mark_file = \"" + std::string(path) + "\"\n" + kMinimal, "grantd.toml");
    ASSERT_FALSE(config) << path;
    EXPECT_THAT(config.error().message, ::testing::HasSubstr("grantd.toml:1: 'mark_file'"));
  }
}

TEST(Config, TakesAllThatIsSaid) {
  const auto config = ParseConfig(std::string(R"(admins = ["unix:eve", "unix-group:wheel"]
auditors = ["unix:frank"]
max_open_requests = 5
mark_file = "/srv/elsewhere/mark"
state_dir = "/srv/grantd"
[listen]
api = "unix:/a.sock"
gate = "unix:/g.sock"
[[token]]
name = "test"
module = "/m.so"
uri = "pkcs11:serial=1"
pin_file = "/p"
accept_any_pin = true
)") + std::string(kMinimal).substr(std::string(kMinimal).find('\n')),
                                  "grantd.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->admins, ::testing::ElementsAre(*Principal::Parse("unix:eve"),
                                                     *Principal::Parse("unix-group:wheel")));
  EXPECT_THAT(config->auditors, ::testing::ElementsAre(*Principal::Parse("unix:frank")));
  EXPECT_EQ(config->max_open_requests, 5U);
  EXPECT_EQ(config->mark_file, "/srv/elsewhere/mark");
  EXPECT_EQ(config->api_address, "unix:/a.sock");
  EXPECT_EQ(config->gate_address, "unix:/g.sock");
  ASSERT_EQ(config->tokens.size(), 2U);
  EXPECT_TRUE(config->tokens[0].accept_any_pin);
}

struct Wrong {
  const char* from;  // this text of kMinimal ...
  const char* to;    // ... is replaced by this
  const char* message;
  const char* hint;
};

class WrongConfig : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsRefusedWithItsLine) {
  std::string document = kMinimal;
  const std::string from = GetParam().from;
  const size_t at = document.find(from);
  ASSERT_NE(at, std::string::npos);
  document.replace(at, from.size(), GetParam().to);
  const auto config = ParseConfig(document, "grantd.toml");
  ASSERT_FALSE(config) << document;
  EXPECT_EQ(config.error().code, Code::kInvalid);
  EXPECT_EQ(config.error().message, GetParam().message);
  EXPECT_EQ(config.error().hint, GetParam().hint);
}

constexpr char kAddressHint[] = "write it as unix:/absolute/path";

INSTANTIATE_TEST_SUITE_P(
    All, WrongConfig,
    ::testing::Values(
        Wrong{"state_dir", "statedir", "grantd.toml:1: unknown key 'statedir'",
              "did you mean 'state_dir'?"},
        Wrong{"state_dir = \"/var/lib/grantd\"", "", "grantd.toml: 'state_dir' is missing", ""},
        Wrong{"/var/lib/grantd", "lib",
              "grantd.toml:1: 'state_dir' is 'lib', which is no absolute path",
              "write it from the root: /..."},
        Wrong{"[[token]]", "admins = []\n[[token]]",
              "grantd.toml:2: 'admins' must have 1 to 1024 items, not 0", ""},
        Wrong{"[[token]]", "admins = ['root']\n[[token]]",
              "grantd.toml:2: 'admins' is wrong: 'root' names nobody",
              "write it as unix:NAME, unix-group:NAME or group:NAME"},
        Wrong{"[[token]]", "admins = ['group:ops']\n[[token]]",
              "grantd.toml:2: 'admins' names 'group:ops', but groups are of the rules, which "
              "admins change",
              "name users or Unix groups: unix:NAME, unix-group:NAME"},
        Wrong{"[[token]]", "auditors = ['group:audit']\n[[token]]",
              "grantd.toml:2: 'auditors' names 'group:audit', but groups are of the rules, which "
              "admins change",
              "name users or Unix groups: unix:NAME, unix-group:NAME"},
        Wrong{"[[token]]", "auditors = ['unix:root']\n[[token]]",
              "grantd.toml:2: 'auditors' names 'unix:root', who is an administrator as well",
              "auditors change nothing: name them in one of admins and auditors"},
        Wrong{"[[token]]", "max_open_requests = 0\n[[token]]",
              "grantd.toml:2: 'max_open_requests' must be from 1 to 10000, not 0", ""},
        Wrong{"[[token]]", "[listen]\napi = 'tcp:1'\n[[token]]",
              "grantd.toml:3: 'api' is 'tcp:1', which is no address to listen at", kAddressHint},
        Wrong{"[[token]]", "[listen]\ngate = 'unix:gate.sock'\n[[token]]",
              "grantd.toml:3: 'gate' is 'unix:gate.sock', which is no address to listen at",
              kAddressHint},
        Wrong{"[[token]]", "[listen]\ngate = 'unix:/run/grantd/api.sock'\n[[token]]",
              "grantd.toml:3: 'gate' must not be the address of api as well", ""},
        Wrong{"[[token]]", "[listen]\nhttp = 'unix:/x'\n[[token]]",
              "grantd.toml:3: unknown key 'http' in [listen]", "known are: api, gate"},
        Wrong{"[[token]]", "listen = 1\n[[token]]",
              "grantd.toml:2: 'listen' must be the table [listen]", ""},
        Wrong{"[[token]]", "[token]", "grantd.toml:2: 'token' must be written as [[token]]", ""},
        Wrong{"name = \"prod\"\n", "", "grantd.toml:2: [[token]]: 'name' is missing", ""},
        Wrong{"\"prod\"", "\"my prod\"", "grantd.toml:3: 'name' is 'my prod', which is no name",
              "use up to 64 letters, digits, '.', '_' and '-', with a letter or a digit first"},
        Wrong{"/usr/lib/softhsm/", "",
              "grantd.toml:4: 'module' is 'libsofthsm2.so', which is no absolute path",
              "write it from the root: /..."},
        Wrong{"pkcs11:token=prod", "pkcs11:token=prod;object=k",
              "grantd.toml:5: 'uri' is wrong: the URI 'pkcs11:token=prod;object=k' is to name a "
              "token, so it has no 'object'",
              "write it as pkcs11:token=LABEL;object=LABEL, with serial, manufacturer, model and "
              "id where they are needed"},
        Wrong{"pkcs11:token=prod", "pkcs11:token=prod?pin-value=1234",
              "grantd.toml:5: 'uri' is wrong: a PKCS#11 URI must not carry pin-value or pin-source",
              "put the PIN into the pin_file of the [[token]]"},
        Wrong{"/etc/grantd/prod.pin", "prod.pin",
              "grantd.toml:6: 'pin_file' is 'prod.pin', which is no absolute path",
              "write it from the root: /..."},
        Wrong{"pin_file", "pinfile", "grantd.toml:6: unknown key 'pinfile' in [[token]]",
              "did you mean 'pin_file'?"},
        Wrong{"name = \"prod\"", "accept_any_pin = 1\nname = \"prod\"",
              "grantd.toml:3: 'accept_any_pin' must be true or false, not a whole number", ""},
        Wrong{"name = \"prod\"", "workers = 17\nname = \"prod\"",
              "grantd.toml:3: 'workers' must be from 1 to 16, not 17", ""},
        Wrong{"name = \"prod\"", "call_timeout = '11m'\nname = \"prod\"",
              "grantd.toml:3: 'call_timeout' is more than 10m", ""},
        Wrong{"[[token]]", "hsm_worker = 'worker'\n[[token]]",
              "grantd.toml:2: 'hsm_worker' is 'worker', which is no absolute path",
              "write it from the root: /..."},
        Wrong{"[[token]]",
              "[[token]]\nname = 'prod'\nmodule = '/m'\nuri = 'pkcs11:token=x'\n"
              "pin_file = '/p'\n[[token]]",
              "grantd.toml:8: 'name' is 'prod', the name of another [[token]]", ""}));

constexpr const char* kTokenWithoutPin =
    "state_dir = '/s'\n[[token]]\nname = 't'\nmodule = '/m'\nuri = 'pkcs11:token=x'\n";

TEST(Config, ThePinHasOneSource) {
  const auto source_of = [](const std::string& lines) {
    return ParseConfig(kTokenWithoutPin + lines, "grantd.toml");
  };
  const auto credential = source_of("pin_credential = 'pin_t'");
  ASSERT_TRUE(credential) << credential.error().message;
  EXPECT_EQ(credential->tokens[0].pin_source, PinSource::kCredential);
  EXPECT_EQ(credential->tokens[0].pin_credential, "pin_t");
  const auto typed = source_of("pin_source = 'unseal'");
  ASSERT_TRUE(typed) << typed.error().message;
  EXPECT_EQ(typed->tokens[0].pin_source, PinSource::kTyped);
  for (const char* wrong :
       {"", "pin_source = 'prompt'", "pin_credential = '../t'",
        "pin_source = 'unseal'\npin_file = '/p'", "pin_credential = 'c'\npin_file = '/p'",
        "pin_source = 'unseal'\npin_credential = 'c'"}) {
    EXPECT_FALSE(source_of(wrong)) << wrong;
  }
}

TEST(Config, LimitsHaveDefaultsAndBounds) {
  const auto with = [](const std::string& lines) {
    return ParseConfig(std::string(kTokenWithoutPin) + "pin_file = '/p'\n[limits]\n" + lines,
                       "grantd.toml");
  };
  EXPECT_EQ(with("")->limits.gate_connections_per_user, 512U);
  EXPECT_EQ(with("gate_connections = 100")->limits.gate_connections_per_user, 100U);
  EXPECT_EQ(with("wrong_secrets_lock = '1m'")->limits.wrong_secrets_lock, std::chrono::minutes(1));
  for (const char* wrong :
       {"gate_connections = 0", "gate_connections = 10\ngate_connections_per_user = 11",
        "kept_mib_per_user = 257", "wrong_secrets_span = '8d'", "open_operations = 5"}) {
    EXPECT_FALSE(with(wrong)) << wrong;
  }
}

TEST(Config, WithoutSeccompWorkersHaveNoneEither) {
  const auto config =
      ParseConfig("seccomp = false\n" + std::string(kTokenWithoutPin) + "pin_file = '/p'", "x");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tokens[0].worker_seccomp);
}

TEST(Config, NeedsATokenAndTakesSixtyFour) {
  const auto none = ParseConfig("state_dir = '/s'\n", "grantd.toml");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "grantd.toml: there must be 1 to 64 [[token]], not 0");
  std::string document = "state_dir = '/s'\n";
  for (int i = 0; i < 64; ++i) {
    document += "[[token]]\nname = 't" + std::to_string(i) +
                "'\nmodule = '/m'\nuri = 'pkcs11:token=x'\npin_file = '/p'\n";
  }
  EXPECT_TRUE(ParseConfig(document, "grantd.toml"));
  const auto many = ParseConfig(document + "[[token]]\n", "grantd.toml");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().message, "grantd.toml: there must be 1 to 64 [[token]], not 65");
}

TEST(Config, ASocketPathThatTheSystemCannotHoldIsRefused) {
  const std::string listen = "[listen]\napi = 'unix:/" + std::string(107, 'x') + "'\n";
  const auto config = ParseConfig(kMinimal + listen, "grantd.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(
      config.error().message,
      "grantd.toml:8: 'api' has a path of more than 107 bytes, the system's limit for sockets");
}

class LoadConfigTest : public ::testing::Test {
 protected:
  std::string ErrorOf(const std::string& path) {
    const auto config = LoadConfig(path);
    return config ? "no error" : config.error().message;
  }
  test::TempDir dir_;
};

TEST_F(LoadConfigTest, ReadsAFileThatOnlyItsOwnerCanWrite) {
  for (const unsigned mode : {0600U, 0644U, 0444U, 0640U}) {
    const std::string name = std::to_string(mode) + ".toml";
    EXPECT_EQ(ErrorOf(dir_.Write(name, kMinimal, mode)), "no error");
  }
}

TEST_F(LoadConfigTest, AFileThatOthersCanWriteIsRefused) {
  for (const char* const mode : {"0620", "0602", "0666", "0777"}) {
    const std::string path =
        dir_.Write("grantd.toml", kMinimal, static_cast<unsigned>(std::stoul(mode, nullptr, 8)));
    const auto config = LoadConfig(path);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message, path + " can be written by others (mode " + mode + ")");
    EXPECT_EQ(config.error().hint, "chmod go-w " + path);
  }
}

TEST_F(LoadConfigTest, AFileOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = dir_.Write("grantd.toml", kMinimal);
  ASSERT_EQ(chown(path.c_str(), 4711, 0), 0);
  EXPECT_EQ(ErrorOf(path), path + " belongs to uid 4711, not to grantd's user or root");
}

TEST_F(LoadConfigTest, WhatIsNoFileIsRefused) {
  EXPECT_EQ(ErrorOf(dir_ / "none"), "cannot open " + dir_ / "none" + ": No such file or directory");
  EXPECT_EQ(ErrorOf(dir_.path()), dir_.path() + " is not a regular file");
}

TEST_F(LoadConfigTest, ErrorsNameTheFile) {
  const std::string path = dir_.Write("grantd.toml", "x = 1\n");
  EXPECT_EQ(ErrorOf(path), path + ":1: unknown key 'x'");
}

TEST_F(LoadConfigTest, IsBounded) {
  const std::string path = dir_.Write("grantd.toml", std::string(1 << 20, '\n'));
  EXPECT_THAT(ErrorOf(path), ::testing::HasSubstr("the limit is 262144"));
}

}  // namespace
}  // namespace grant
