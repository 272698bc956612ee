// A request that a command files for itself alone, and takes back where nothing comes of it.
#pragma once

#include <string>

#include "tools/grantctl/output.h"
#include "tools/grantctl/wait.h"
#include "tools/grantctl/wish.h"

namespace grant::ctl {

// How often a command that is about to end asks a grantd that is away.
inline constexpr int kPartingPollsMax = 5;

// Files what is wished for, also where a request that asks for the same is open: whoever filed that
// one goes on with it. Where the answer was lost it asks again, and gets the request that it filed.
Outcome<Json> FileOwn(Context& context, const Wish& wish, Patience& patience);

struct TakenBack {
  bool closed = false;   // nothing is left of it, but for
  std::string grant_id;  // the grant that was issued meanwhile; empty where there is none
  std::string fault;     // why it may still be open
};

// Cancels a request of one's own.
TakenBack TakeBack(Context& context, const std::string& id, const std::string& comment);

}  // namespace grant::ctl
