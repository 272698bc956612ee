// The rules in force, and their replacement.
#include <limits>
#include <map>

#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"
#include "grantd/config/rules_toml.h"

namespace grant::api {
namespace {

constexpr size_t kFilesMax = 1000;
constexpr size_t kSourceBytesMax = 4096;
constexpr int64_t kAnyVersion = -1;

struct Application {
  std::string document;
  std::string source;
  std::map<std::string, std::string> files;
  int64_t expected_version = kAnyVersion;
  bool dry_run = false;
};

Result<std::map<std::string, std::string>> ReadFiles(const nlohmann::json& object) {
  if (object.size() > kFilesMax) {
    return Fail(Code::kTooLarge, "'files' holds more than " + std::to_string(kFilesMax) + " files");
  }
  std::map<std::string, std::string> files;
  for (const auto& file : object.items()) {
    if (!file.value().is_string()) {
      return Fail(Code::kInvalid, "'files." + file.key() + "' is not a string");
    }
    files.emplace(file.key(), file.value().get<std::string>());
  }
  return files;
}

Result<Application> ReadApplication(const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "",
                               {"document", "source", "files", "expected_version", "dry_run"}));
  Application application;
  GRANT_TRY(application.document, reader.Text("document"));
  GRANT_TRY(application.source, reader.Text("source"));
  if (application.source.size() > kSourceBytesMax) {
    return Fail(Code::kTooLarge,
                "'source' is longer than " + std::to_string(kSourceBytesMax) + " bytes");
  }
  if (reader.Has("files")) {
    GRANT_TRY(const nlohmann::json* files, reader.Object("files"));
    GRANT_TRY(application.files, ReadFiles(*files));
  }
  if (reader.Has("expected_version")) {
    GRANT_TRY(application.expected_version,
              reader.Integer("expected_version", 0, std::numeric_limits<int64_t>::max()));
  }
  if (reader.Has("dry_run")) {
    GRANT_TRY(application.dry_run, reader.Bool("dry_run"));
  }
  return application;
}

}  // namespace

Result<HttpResponse> ShowRules(const Services& services, const Call& call) {
  GRANT_TRY(const RulesVersion version, services.workflow.Rules(call.caller()));
  return Answer(RulesJson(version));
}

Result<HttpResponse> ApplyRules(const Services& services, const Call& call) {
  GRANT_TRY(const Application given, ReadApplication(call));
  GRANT_TRY(const Rules rules, ParseRules(given.document, given.source, given.files,
                                          services.workflow.LookupsForRules()));
  GRANT_TRY(
      const RulesChange change,
      services.workflow.ApplyRules(call.caller(), rules, given.expected_version, given.dry_run));
  return Answer({{"version", change.version},
                 {"changes", change.changes},
                 {"warnings", change.warnings},
                 {"applied", change.applied}});
}

}  // namespace grant::api
