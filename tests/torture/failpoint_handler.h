// What grantd does at its failpoints in tests. It is told by its environment:
//
//   FAILPOINT_KILL="POINT N [MICROSECONDS]"  ends the process as kill -9 does, when POINT is
//   reached
//                                            for the Nth time or so long after that
//   FAILPOINT_HOLD="POINT N FIFO"            holds the thread that reaches POINT for the Nth time:
//   it
//                                            opens FIFO for reading, and goes on at its end of file
//   FAILPOINT_TRACE=FILE                     appends a line to FILE for each point that is reached
//
// A line of the trace is five words and ends in a line feed:
//
//   NANOSECONDS THREAD POINT USE SUBJECT
//
// the monotonic clock, the thread's number in the kernel, the point's name, the use (the number of
// its audit entry) or "-", and the grant or request or "-". Each line is one write, made before
// anything else is done at the point: a line stands before another where the one point was reached
// before the other was left, and the point that killed a run is its last line or, where others were
// faster to write, among its last. Thread ties a token.before and token.after, which know of no use
// yet, to the reply.before, withhold or token.failed of the same signature. A run begins with a
// line whose point is "start", so that one file may hold several.
#pragma once

namespace grant::test {

// Reads the environment and installs the handler. Ends the process where it says nothing sensible.
void InstallFailpointHandler();

}  // namespace grant::test
