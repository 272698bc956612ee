// The system's files as SQLite sees them, but that the write-ahead log is written in few pieces.
#pragma once

namespace grant {

// The name to open databases with. SQLite writes a commit's pages to the log one by one, each after
// a header of its own. This VFS keeps them together and hands them to the system with one call:
// when they are to be synced, and before anything else is done with the log. A failure to write is
// then told by that call. Until a commit is synced nobody reads its pages, so nobody misses them.
//
// That takes connections with synchronous=FULL.
const char* GatheringVfs();

}  // namespace grant
