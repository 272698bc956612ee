// The commands by subject. Each function adds its own to the command line; the command that was
// given ends up in `chosen`, to be run once the whole line has been found right.
#pragma once

#include <functional>
#include <string_view>

#include "tools/grantctl/output.h"

namespace CLI {
class App;
}

namespace grant::ctl {

using Command = std::function<Outcome<Exit>(Context&)>;

inline constexpr const char* kRun = "run";
inline constexpr const char* kComplete = "__complete";
inline constexpr const char* kManual = "__manual";

// Whether what stands behind "--" is a command line of its own, which this command finds in its
// context word by word: CLI11 would take "[a,b]" for a list of two.
inline bool TakesWords(std::string_view command) {
  return command == kRun || command == kComplete;
}

void AddRequestCommands(CLI::App& app, Command& chosen);
void AddDecisionCommands(CLI::App* subject, Command& chosen);  // of `request`
void AddGrantCommands(CLI::App& app, Command& chosen);
void AddRunCommand(CLI::App& app, Command& chosen);
void AddRulesCommands(CLI::App& app, Command& chosen);           // rules, signer, policy
void AddRulesHistoryCommands(CLI::App& rules, Command& chosen);  // of `rules`
void AddPolicyTestCommand(CLI::App& policy, Command& chosen);    // of `policy`
void AddKeyCommands(CLI::App& app, Command& chosen);
void AddSignerKeyCommands(CLI::App& signer, Command& chosen);  // of `signer`
void AddApplyCommand(CLI::App& app, Command& chosen);
void AddAuditCommands(CLI::App& app, Command& chosen);   // audit, explain
void AddBackupCommands(CLI::App& app, Command& chosen);  // backup, restore
void AddSealCommands(CLI::App& app, Command& chosen);    // seal, unseal
void AddDoctorCommand(CLI::App& app, Command& chosen);
void AddStandingCommands(CLI::App& app, Command& chosen);  // whoami, version
// Comes last, for it completes all the others.
void AddCompletionCommands(CLI::App& app, Command& chosen);
// `__manual`, for the build: the part of grantctl(1) that tells all the others.
void AddManualCommand(CLI::App& app, Command& chosen);

}  // namespace grant::ctl
