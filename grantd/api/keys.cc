// Keys: what the audit finds about them, new ones, and their certificates.
#include "grantd/api/handlers.h"
#include "grantd/api/json.h"
#include "grantd/api/response.h"
#include "grantd/api/strict_json.h"
#include "grantd/keys/key_desk.h"

namespace grant::api {
namespace {

constexpr size_t kChainBytesMax = size_t{64} * 1024;

Json FindingsJson(const std::vector<KeyFinding>& findings,
                  const std::vector<std::string>& acknowledged) {
  Json list = Json::array();
  for (const KeyFinding& finding : findings) {
    list.push_back({{"name", finding.name},
                    {"severity", Name(finding.severity)},
                    {"acknowledged", IsAcknowledged(finding, acknowledged)},
                    {"what", finding.what},
                    {"why", finding.why},
                    {"hint", finding.hint}});
  }
  return list;
}

Result<KeyWish> ReadKeyWish(const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "", {"token", "label", "type"}));
  KeyWish wish;
  GRANT_TRY(wish.token, reader.Text("token"));
  GRANT_TRY(wish.label, reader.Text("label"));
  GRANT_TRY(const std::string type, reader.Text("type"));
  const auto known = KeyTypeByName(type);
  if (!known) return tl::unexpected(UnknownName("type of key", type, KeyTypeNames()));
  wish.type = *known;
  return wish;
}

Result<CertificateWish> ReadCertificateWish(const Call& call) {
  GRANT_TRY(const ObjectReader reader,
            ObjectReader::Open(call.body, "", {"token", "label", "subject", "names"}));
  CertificateWish wish;
  GRANT_TRY(wish.token, reader.Text("token"));
  GRANT_TRY(wish.label, reader.Text("label"));
  GRANT_TRY(const std::string subject, reader.Text("subject"));
  GRANT_TRY(wish.subject, Under(reader, "subject", ParseDistinguishedName(subject)));
  if (!reader.Has("names")) return wish;
  GRANT_TRY(const std::vector<std::string> names, reader.Texts("names"));
  if (names.size() > kAlternativeNamesMax) {
    return Fail(Code::kTooLarge,
                "'names' has more than " + std::to_string(kAlternativeNamesMax) + " names");
  }
  for (const std::string& text : names) {
    GRANT_TRY(AlternativeName name, Under(reader, "names", ParseAlternativeName(text)));
    wish.names.push_back(std::move(name));
  }
  return wish;
}

}  // namespace

Result<HttpResponse> CheckSigner(const Services& services, const Call& call) {
  GRANT_TRY(const KeyReport report, services.keys.Check(call.caller(), call.name));
  return Answer({{"signer", report.signer.name},
                 {"key", report.signer.key},
                 {"token", report.token},
                 {"enabled", report.enabled},
                 {"acknowledged", report.signer.acknowledged},
                 {"findings", FindingsJson(report.findings, report.signer.acknowledged)}});
}

Result<HttpResponse> GenerateKey(const Services& services, const Call& call) {
  GRANT_TRY(const KeyWish wish, ReadKeyWish(call));
  GRANT_TRY(const GeneratedKey key, services.keys.Generate(call.caller(), wish));
  return Created({{"token", wish.token},
                  {"label", wish.label},
                  {"id", key.id},
                  {"uri", key.uri},
                  {"public_key", key.public_key},
                  {"left_out", key.left_out},
                  {"findings", FindingsJson(key.findings, {})}});
}

Result<HttpResponse> RequestCertificate(const Services& services, const Call& call) {
  GRANT_TRY(const CertificateWish wish, ReadCertificateWish(call));
  GRANT_TRY(const CertificateRequestMade made,
            services.keys.RequestCertificate(call.caller(), wish));
  HttpResponse answer = Answer({{"token", wish.token},
                                {"label", wish.label},
                                {"signer", made.signer.empty() ? Json() : Json(made.signer)},
                                {"digest", made.digest},
                                {"csr", made.pem}});
  answer.held = made.delivery;
  return answer;
}

Result<HttpResponse> ShowCertificate(const Services& services, const Call& call) {
  GRANT_TRY(const std::string chain, services.keys.CertificateOf(call.caller(), call.name));
  return Answer({{"signer", call.name}, {"certificate", chain.empty() ? Json() : Json(chain)}});
}

Result<HttpResponse> SetCertificate(const Services& services, const Call& call) {
  GRANT_TRY(const ObjectReader reader, ObjectReader::Open(call.body, "", {"certificate"}));
  GRANT_TRY(const std::string chain, reader.Text("certificate"));
  if (chain.size() > kChainBytesMax) {
    return Fail(Code::kTooLarge,
                "'certificate' is longer than " + std::to_string(kChainBytesMax) + " bytes");
  }
  GRANT_TRY(const RulesChange change,
            services.keys.SetCertificate(call.caller(), call.name, chain));
  return Answer({{"version", change.version},
                 {"changes", change.changes},
                 {"warnings", change.warnings},
                 {"applied", change.applied}});
}

}  // namespace grant::api
