#ifndef PROXY_BASE_PROCESS_H_
#define PROXY_BASE_PROCESS_H_

namespace sluice {

// Opens /dev/null in place of those of standard input, output and error that
// are closed: whatever is opened next would have their numbers, and get what is
// meant for them. False where that cannot be done. Programs that depend on
// :standard_descriptors do so before libraries open files of their own.
bool FillStandardDescriptors();

// From now on this process leaves no core dump, and no debugger of another
// process of its user gets into it: its memory holds keys and tokens. Failing
// to forbid that is no reason not to serve.
void ForbidLookingIntoMemory();

// abseil's mutexes, gRPC's among them, look for deadlocks where abseil was
// built to be debugged, as Debian's is: each lock goes into a graph of what is
// held, and an order of locks that might block ends the process. Not from now
// on: that is for tests, and costs 2 to 4% of what a new client does.
void SkipDeadlockDetection();

// Takes out of the environment what has the TLS libraries and gRPC write down
// keys of sessions, and what they carry. While there is one thread, and before
// they are used.
void ForgetTracing();

// From now on as many descriptors may be open as the system lets this process
// have. Failing to is no reason not to serve.
void RaiseDescriptorLimit();

// All four, for a server: leaves no core dump, looks for no deadlocks, writes
// no keys down and may have many connections open. While there is one thread.
void PrepareProcess();

}  // namespace sluice

#endif  // PROXY_BASE_PROCESS_H_
