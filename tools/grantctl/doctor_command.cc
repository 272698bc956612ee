#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "tools/grantctl/commands.h"
#include "tools/grantctl/doctor_checks.h"
#include "tools/grantctl/doctor_module.h"
#include "tools/grantctl/options.h"
#include "tools/grantctl/terminal.h"

namespace grant::ctl {
namespace {

constexpr const char* kDefaultGate = "unix:/run/grantd/gate.sock";

std::string Word(Health health, bool colour) {
  switch (health) {
    case Health::kOk:
      return Paint("ok   ", Colour::kGreen, colour);
    case Health::kWarning:
      return Paint("warn ", Colour::kYellow, colour);
    case Health::kWrong:
      break;
  }
  return Paint("wrong", Colour::kRed, colour);
}

std::string Render(const Findings& findings, bool colour) {
  std::string text;
  for (const Finding& finding : findings) {
    text += Word(finding.health, colour) + "  " + Sanitise(finding.sentence) + "\n";
    if (!finding.hint.empty()) {
      text +=
          "       " + Paint("hint:", Colour::kBold, colour) + " " + Sanitise(finding.hint) + "\n";
    }
  }
  return text;
}

std::string WrongNames(const Findings& findings) {
  std::string names;
  for (const Finding& finding : findings) {
    if (finding.health == Health::kWrong) names += Sanitise(finding.name) + "\n";
  }
  return names;
}

// Where the module looks for the gate, as this user's environment has it.
std::string GateAddress(Context& context, const Json& report) {
  for (const std::string& address :
       {context.around.variable("GRANTD_GATE"), Text(report, "gate")}) {
    if (!address.empty()) return address;
  }
  return kDefaultGate;
}

Finding ExamineModule(const Context& context, const std::string& named) {
  if (!named.empty()) return CheckModule(named);
  const auto& registered = context.around.registered_module;
  const auto path = registered ? registered() : std::nullopt;
  return path ? CheckModule(*path) : NoModule();
}

Json ChecksJson(const Findings& findings) {
  constexpr std::array kWords = {"ok", "warning", "wrong"};
  Json checks = Json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"name", finding.name},
                      {"health", kWords.at(static_cast<size_t>(finding.health))},
                      {"sentence", finding.sentence},
                      {"hint", finding.hint.empty() ? Json() : Json(finding.hint)}});
  }
  return checks;
}

// How the seal stands is for administrators and auditors, as most of the report is.
Outcome<Json> WithSeal(Context& context, Json report) {
  auto seal = context.client.Get("/v1/seal");
  if (seal) {
    report["seal"] = *std::move(seal);
  } else if (seal.error().exit != Exit::kRefused) {
    return tl::make_unexpected(seal.error());
  }
  return report;
}

Outcome<Findings> Examine(Context& context, const Json& report, const std::string& module) {
  const std::string& api = context.client.socket();
  Findings findings{CheckSocket("api", api, LookAtSocket(api), getuid())};
  if (auto gate = SocketOf(GateAddress(context, report))) {
    findings.push_back(CheckSocket("gate", *gate, LookAtSocket(*gate), getuid()));
  } else {
    findings.push_back({"gate", Health::kWrong, gate.error().message, gate.error().hint});
  }
  GRANT_TRY(const Json standing, context.client.Get("/v1/whoami"));
  findings.push_back(CheckCaller(standing));
  findings.push_back(CheckReady(context.client.Get("/v1/ready")));
  findings.push_back(ExamineModule(context, module));
  GRANT_TRY(const Json whole, WithSeal(context, report));
  for (Finding& finding : CheckReport(whole, context.now)) findings.push_back(std::move(finding));
  return findings;
}

// All of it for administrators and auditors; for others, as people, what everybody may know.
Outcome<Json> FetchReport(Context& context) {
  auto report = context.client.Get("/v1/doctor");
  if (report || report.error().exit != Exit::kRefused || context.format == Format::kJson) {
    return report;
  }
  GRANT_TRY(Json health, context.client.Get("/v1/health"));
  Note(context, "rules and notifications are shown to administrators and auditors alone");
  return health;
}

Outcome<Exit> Doctor(Context& context, const std::string& module) {
  GRANT_TRY(Json report, FetchReport(context));
  GRANT_TRY(const Findings findings, Examine(context, report, module));
  report["checks"] = ChecksJson(findings);
  if (context.format == Format::kName) {
    context.around.out << WrongNames(findings);
  } else {
    PrintObject(context, report, "", [&] { return Render(findings, context.ColourOut()); });
  }
  const auto wrong = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.health == Health::kWrong;
  });
  if (wrong == 0) return Exit::kOk;
  return Failed(Exit::kFailed,
                fmt::format("{} of {} checks found something wrong", wrong, findings.size()));
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Command& chosen) {
  auto module = std::make_shared<std::string>();
  CLI::App* doctor =
      app.add_subcommand("doctor", "whether grantd is well, and what to do where it is not");
  doctor->add_option("--module", *module, "the module to load; default: as p11-kit knows it")
      ->type_name("PATH");
  doctor->callback([module, &chosen] {
    chosen = [module](Context& context) { return Doctor(context, *module); };
  });
}

}  // namespace grant::ctl
