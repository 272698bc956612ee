#include "tests/torture/scenario.h"

#include <unistd.h>

namespace grant::test::scenario {
namespace {

constexpr uid_t kPeople[] = {kAliceUid, kBobUid, kBobUid + 1};

std::string RulesWith(const std::string& more) {
  std::string approvers;
  for (const uid_t uid : kPeople) approvers += "\"" + PrincipalOf(uid) + "\", ";
  if (!IsRoot()) approvers = "\"" + PrincipalOf(geteuid()) + "\"";
  const auto policy = [&](const std::string& name, const std::string& lines) {
    return "[[policy]]\nname = \"" + name + "\"\nmax_window = \"8h\"\nmax_signings = 10\n" + lines +
           "[[policy.step]]\nname = \"Review\"\napprovers = [" + approvers +
           "]\nrequired = " + (IsRoot() ? "2" : "1") + "\n";
  };
  const auto signer = [](const std::string& name, const std::string& key,
                         const std::string& policy_name) {
    return "[[signer]]\nname = \"" + name + "\"\nkey = \"pkcs11:token=prod;object=" + key + "\"\n" +
           (policy_name.empty() ? "" : "policy = \"" + policy_name + "\"\n") + "users = [\"" +
           PrincipalOf(geteuid()) + "\"]\n";
  };
  return policy("torture", "") + policy("hasty", "max_request_ttl = \"1s\"\n") +
         signer("counted", "counted-key", "torture") + signer("brief", "brief-key", "hasty") +
         signer("edwards", "edwards-key", "torture") + signer("rsa", "rsa-key", "torture") +
         signer("open", "open-key", "") + more;
}

}  // namespace

std::vector<KeyToMake> Keys() {
  return {{KeyKind::kP256, "counted-key", "01"},
          {KeyKind::kP256, "brief-key", "02"},
          {KeyKind::kEd25519, "edwards-key", "03"},
          {KeyKind::kRsa2048, "rsa-key", "04"},
          {KeyKind::kP256, "open-key", "05"}};
}

std::vector<SigningKey> SigningKeys() {
  return {{"counted-key", "ECDSA"}, {"counted-key", "ECDSA"},       {"brief-key", "ECDSA"},
          {"edwards-key", "EDDSA"}, {"rsa-key", "SHA256-RSA-PKCS"}, {"counted-key", "ECDSA"},
          {"edwards-key", "EDDSA"}, {"brief-key", "ECDSA"},         {"open-key", "ECDSA"}};
}

std::vector<std::string> CountedSigners() {
  return {"counted", "brief", "edwards", "rsa"};
}

std::string BriefSigner() {
  return "brief";
}

std::vector<std::string> Rules() {
  const std::string nobody = PrincipalOf(1);
  return {RulesWith(""),
          RulesWith("[[group]]\nname = \"nobody\"\nmembers = [\"" + nobody + "\"]\n")};
}

std::vector<uid_t> Approvers() {
  if (IsRoot()) return {std::begin(kPeople), std::end(kPeople)};
  return {0, 0, 0};
}

}  // namespace grant::test::scenario
