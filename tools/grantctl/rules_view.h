// Rules, signers and policies for people.
#pragma once

#include <string>

#include "tools/grantctl/humanize.h"
#include "tools/grantctl/json.h"

namespace grant::ctl {

std::string SignerTable(const Json& signers, bool wide, bool colour);
std::string SignerBlock(const Json& signer, bool colour);

std::string PolicyTable(const Json& policies, bool wide, bool colour);
std::string PolicyBlock(const Json& policy, bool colour);

std::string RulesHistoryTable(const Json& steps, bool wide, bool colour, Instant now);

// The lines of the object's `changes`, painted by what each does.
std::string ChangesText(const Json& object, bool colour);

std::string RulesText(const Json& rules, bool wide, bool colour, Instant now);

}  // namespace grant::ctl
