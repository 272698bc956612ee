// An approver's walk through the requests that await a decision.
#pragma once

#include "tools/grantctl/output.h"

namespace grant::ctl {

// Shows them one at a time, the oldest first, and reads from stdin what to do with each: a line
// that begins with a, l, r, s or q (approve, approve less, reject, skip, quit); after l a line each
// with the signatures and the window to leave, empty for as many as there are; and after the first
// three a line with the comment, which may be empty. The end of the input quits. `query` filters
// them further. As JSON or names, stdout tells the decided ones alone, each on a line. kRefused if
// a decision was.
Outcome<Exit> ReviewRequests(Context& context, Query query);

}  // namespace grant::ctl
