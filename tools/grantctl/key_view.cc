#include "tools/grantctl/key_view.h"

#include <fmt/format.h>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/table.h"

namespace grant::ctl {
namespace {

Colour ColourOf(const Json& finding) {
  if (Flag(finding, "acknowledged")) return Colour::kNone;
  const std::string severity = Text(finding, "severity");
  if (severity == "critical") return Colour::kRed;
  return severity == "warning" ? Colour::kYellow : Colour::kNone;
}

std::string FindingsText(const Json& findings, bool colour) {
  std::string text;
  for (const Json& finding : findings) {
    const std::string severity = Text(finding, "severity");
    text += Paint(fmt::format("{:<9}", Sanitise(severity)), ColourOf(finding), colour);
    text += Sanitise(Text(finding, "name")) + ": " + Sanitise(Text(finding, "what")) +
            (Flag(finding, "acknowledged") ? " (acknowledged)" : "") + "\n";
    // What a token keeps to itself is no reason to do anything.
    if (severity == "note" || Flag(finding, "acknowledged")) continue;
    text += "         " + Sanitise(Text(finding, "why")) + "\n";
    text += "         " + Paint("hint:", Colour::kBold, colour) + " " +
            Sanitise(Text(finding, "hint")) + "\n";
  }
  return text;
}

bool Stands(const Json& finding) {
  return Text(finding, "severity") == "critical" && !Flag(finding, "acknowledged");
}

}  // namespace

std::string NewKeyBlock(const Json& key, bool colour) {
  Block block;
  block.Add("Key", Text(key, "label"), Colour::kBold);
  block.Add("Token", Text(key, "token"));
  block.Add("ID", Text(key, "id"));
  block.Add("For the rules", fmt::format("key = \"{}\"", Text(key, "uri")));
  const std::string left_out = Join(Texts(key, "left_out"));
  block.Add("Not taken", left_out.empty() ? "" : left_out + ": the token does not know them",
            Colour::kYellow);
  return block.Render(colour) + FindingsText(List(key, "findings"), colour);
}

std::string KeyReportText(const Json& report, bool colour) {
  const bool enabled = Flag(report, "enabled");
  Block block;
  block.Add("Signer", Text(report, "signer"), Colour::kBold);
  block.Add("Key", Text(report, "key"));
  block.Add("Enabled", enabled ? "yes" : "no: a critical finding is not acknowledged",
            enabled ? Colour::kGreen : Colour::kRed);
  std::string text = block.Render(colour) + FindingsText(List(report, "findings"), colour);
  if (enabled) return text;
  std::vector<std::string> names;
  for (const Json& finding : List(report, "findings")) {
    if (Stands(finding)) names.push_back("\"" + Text(finding, "name") + "\"");
  }
  return text + "or accept what is so: acknowledge = [" + Sanitise(Join(names)) +
         "] in the signer's rules\n";
}

std::string StandingNames(const Json& report) {
  std::string names;
  for (const Json& finding : List(report, "findings")) {
    if (Stands(finding)) names += Sanitise(Text(finding, "name")) + "\n";
  }
  return names;
}

}  // namespace grant::ctl
