// The rules in force, and their replacement.
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

struct Application {
  std::string document;
  std::string source;
  std::map<std::string, std::string> files;
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
            ObjectReader::Open(call.body, "", {"document", "source", "files", "dry_run"}));
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
  if (reader.Has("dry_run")) {
    GRANT_TRY(application.dry_run, reader.Bool("dry_run"));
  }
  return application;
}

}  // namespace

Result<HttpResponse> ShowRules(const Services& services, const Call& call) {
  GRANT_TRY(const RulesVersion version, services.workflow.Rules(call.caller()));
  return AnswerTagged(RulesJson(version));
}

Result<HttpResponse> ApplyRules(const Services& services, const Call& call) {
  GRANT_TRY(const Application given, ReadApplication(call));
  GRANT_TRY(const Rules rules, ParseRules(given.document, given.source, given.files,
                                          services.workflow.LookupsForRules()));
  const Demand<RulesVersion> unchanged = [&call](const RulesVersion& version, Time) {
    return call.if_match.Check(AnswerTagged(RulesJson(version)).etag, "the rules",
                               "run grantctl apply again to see the new difference");
  };
  GRANT_TRY(const RulesChange change,
            services.workflow.ApplyRules(call.caller(), rules, given.dry_run,
                                         call.if_match.given() ? unchanged : nullptr));
  return Answer({{"version", change.version},
                 {"changes", change.changes},
                 {"warnings", change.warnings},
                 {"applied", change.applied}});
}

}  // namespace grant::api
