// Lists that are shown again as they change.
#pragma once

#include "tools/grantctl/list.h"

namespace grant::ctl {

// Shows the list until the user interrupts. People see it drawn anew on a terminal's other screen,
// and printed again after a change elsewhere; as names, those that are new or have changed; as
// JSON, a line for each change: {"change":"added"|"changed"|"removed","item":{...}}, at first every
// item as added.
Outcome<Exit> WatchList(Context& context, const std::string& path, const Query& query,
                        const Paging& paging, const char* name_key, const std::string& things,
                        const std::function<std::string(const Json& list)>& text);

}  // namespace grant::ctl
