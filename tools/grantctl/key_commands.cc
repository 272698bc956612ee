// Keys: making them, having them certified, and what the audit finds about those of signers.
#include <fmt/format.h>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/key_view.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/rules_file.h"

namespace grant::ctl {
namespace {

struct NewKey {
  std::string token;
  std::string label;
  std::string type = "rsa:3072";
};

struct Csr {
  std::string token;
  std::string label;
  std::string subject;
  std::vector<std::string> names;
};

void AddKey(CLI::App* command, std::string& token, std::string& label) {
  command->add_option("--token", token, "the token, as grantd.toml names it")->required();
  command->add_option("--label", label, "the key's label")->required();
}

Outcome<Exit> Generate(Context& context, const NewKey& wanted) {
  Json body;
  body["token"] = wanted.token;
  body["label"] = wanted.label;
  body["type"] = wanted.type;
  GRANT_TRY(const Json key, context.client.Post("/v1/keys", body));
  PrintObject(context, key, "uri", [&] { return NewKeyBlock(key, context.ColourOut()); });
  return Exit::kOk;
}

Outcome<Exit> RequestCertificate(Context& context, const Csr& wanted) {
  Json body;
  body["token"] = wanted.token;
  body["label"] = wanted.label;
  body["subject"] = wanted.subject;
  body["names"] = wanted.names;
  GRANT_TRY(const Json made, context.client.Post("/v1/keys/csr", body));
  PrintObject(context, made, "label", [&] { return Text(made, "csr"); });
  return Exit::kOk;
}

Outcome<Exit> Check(Context& context, const std::string& name) {
  GRANT_TRY(const Json report, context.client.Get("/v1/signers/" + Escape(name) + "/check"));
  if (context.format == Format::kName) {
    context.around.out << StandingNames(report);
  } else {
    PrintObject(context, report, "signer",
                [&] { return KeyReportText(report, context.ColourOut()); });
  }
  return Flag(report, "enabled") ? Exit::kOk : Exit::kRefused;
}

Outcome<Exit> ShowCertificate(Context& context, const std::string& name) {
  GRANT_TRY(const Json shown, context.client.Get("/v1/signers/" + Escape(name) + "/certificate"));
  if (Text(shown, "certificate").empty() && context.ForPeople()) {
    Note(context, "the rules give this signer no certificate");
    return Exit::kOk;
  }
  PrintObject(context, shown, "signer", [&] { return Text(shown, "certificate"); });
  return Exit::kOk;
}

Outcome<Exit> SetCertificate(Context& context, const std::string& name, const std::string& file) {
  Json body;
  GRANT_TRY(body["certificate"], LoadCertificateFile(file));
  GRANT_TRY(const Json change,
            context.client.Post("/v1/signers/" + Escape(name) + "/certificate", body));
  PrintObject(context, change, "version", [&] {
    return Flag(change, "applied")
               ? fmt::format("version {} is in force\n", Number(change, "version"))
               : std::string("nothing to change: the signer has this certificate\n");
  });
  if (Flag(change, "applied") && context.ForPeople()) {
    Note(context, fmt::format("name it in the rules file, too: certificate = \"{}\"; else the next "
                              "grantctl apply removes it",
                              file));
  }
  return Exit::kOk;
}

}  // namespace

void AddKeyCommands(CLI::App& app, Command& chosen) {
  CLI::App* key = AddSubject(app, "key", "keys on the tokens that grantd serves");
  auto wanted = std::make_shared<NewKey>();
  CLI::App* generate = key->add_subcommand("generate", "make a key pair that signs and no more");
  AddKey(generate, wanted->token, wanted->label);
  generate
      ->add_option("--type", wanted->type,
                   "rsa:3072, rsa:2048, rsa:4096, ec:p256, ec:p384 or ed25519")
      ->check(OneOf({"rsa:2048", "rsa:3072", "rsa:4096", "ec:p256", "ec:p384", "ed25519"}))
      ->type_name("TYPE")
      ->capture_default_str();
  generate->callback([wanted, &chosen] {
    chosen = [wanted](Context& context) { return Generate(context, *wanted); };
  });

  auto csr = std::make_shared<Csr>();
  CLI::App* request = key->add_subcommand("csr", "a certificate request (PKCS#10) for a key");
  AddKey(request, csr->token, csr->label);
  request->add_option("--subject", csr->subject, "whom to certify: 'CN=Release signing,O=Example'")
      ->required()
      ->type_name("NAME");
  request
      ->add_option("--san", csr->names,
                   "another name: DNS:NAME, IP:ADDRESS, email:ADDRESS or URI:ADDRESS; repeatable")
      ->type_name("NAME")
      ->allow_extra_args(false);
  request->callback([csr, &chosen] {
    chosen = [csr](Context& context) { return RequestCertificate(context, *csr); };
  });
}

void AddSignerKeyCommands(CLI::App& signer, Command& chosen) {
  auto name = std::make_shared<std::string>();
  CLI::App* check =
      signer.add_subcommand("check", "whether its key is good for signing under grants alone");
  check->add_option("NAME", *name, "its name")->required();
  check->callback(
      [name, &chosen] { chosen = [name](Context& context) { return Check(context, *name); }; });

  auto file = std::make_shared<std::string>();
  CLI::App* certificate =
      signer.add_subcommand("certificate", "show or set the certificate chain of its key");
  certificate->add_option("NAME", *name, "its name")->required();
  certificate->add_option("--file", *file, "the chain in PEM, the key's own certificate first")
      ->type_name("FILE");
  certificate->callback([name, file, &chosen] {
    chosen = [name, file](Context& context) {
      return file->empty() ? ShowCertificate(context, *name)
                           : SetCertificate(context, *name, *file);
    };
  });
}

}  // namespace grant::ctl
