// The handlers, by subject. What each takes and answers is in docs/openapi.yaml.
#pragma once

#include "grantd/api/routes.h"

namespace grant::api {

// standing.cc
Result<HttpResponse> Whoami(const Services& services, const Call& call);
Result<HttpResponse> Health(const Services& services, const Call& call);
Result<HttpResponse> Ready(const Services& services, const Call& call);
Result<HttpResponse> ListSigners(const Services& services, const Call& call);
Result<HttpResponse> ShowSigner(const Services& services, const Call& call);
Result<HttpResponse> ListPolicies(const Services& services, const Call& call);
Result<HttpResponse> ShowPolicy(const Services& services, const Call& call);

// doctor.cc
Result<HttpResponse> Doctor(const Services& services, const Call& call);

// backups.cc
Result<HttpResponse> MakeBackup(const Services& services, const Call& call);

// seal.cc
Result<HttpResponse> ShowSeal(const Services& services, const Call& call);
Result<HttpResponse> CloseSeal(const Services& services, const Call& call);
Result<HttpResponse> OpenSeal(const Services& services, const Call& call);
Result<HttpResponse> GivePin(const Services& services, const Call& call);

// metrics.cc
Result<HttpResponse> Metrics(const Services& services, const Call& call);

// keys.cc
Result<HttpResponse> CheckSigner(const Services& services, const Call& call);
Result<HttpResponse> GenerateKey(const Services& services, const Call& call);
Result<HttpResponse> RequestCertificate(const Services& services, const Call& call);
Result<HttpResponse> ShowCertificate(const Services& services, const Call& call);
Result<HttpResponse> SetCertificate(const Services& services, const Call& call);

// policies.cc
Result<HttpResponse> TestPolicy(const Services& services, const Call& call);

// rules_history.cc
Result<HttpResponse> ShowRulesVersion(const Services& services, const Call& call);
Result<HttpResponse> RulesHistory(const Services& services, const Call& call);
Result<HttpResponse> CompareRules(const Services& services, const Call& call);

// rules.cc
Result<HttpResponse> ShowRules(const Services& services, const Call& call);
Result<HttpResponse> ApplyRules(const Services& services, const Call& call);

// requests.cc
Result<HttpResponse> ListRequests(const Services& services, const Call& call);
Result<HttpResponse> FileRequest(const Services& services, const Call& call);
Result<HttpResponse> ShowRequest(const Services& services, const Call& call);
Result<HttpResponse> ApproveRequest(const Services& services, const Call& call);
Result<HttpResponse> RejectRequest(const Services& services, const Call& call);
Result<HttpResponse> CancelRequest(const Services& services, const Call& call);
Result<HttpResponse> CommentOnRequest(const Services& services, const Call& call);

// grants.cc
Result<HttpResponse> ListGrants(const Services& services, const Call& call);
Result<HttpResponse> ShowGrant(const Services& services, const Call& call);
Result<HttpResponse> RevokeGrant(const Services& services, const Call& call);
Result<HttpResponse> ReleaseGrant(const Services& services, const Call& call);

// audit.cc
Result<HttpResponse> ListAudit(const Services& services, const Call& call);
Result<HttpResponse> VerifyAudit(const Services& services, const Call& call);
Result<HttpResponse> AcknowledgeAlarms(const Services& services, const Call& call);
Result<HttpResponse> Explain(const Services& services, const Call& call);

}  // namespace grant::api
