#ifndef PROXY_BASE_PROCESS_H_
#define PROXY_BASE_PROCESS_H_

namespace sluice {

// From now on this process leaves no core dump, and no debugger of another
// process of its user gets into it: its memory holds keys and tokens. Failing
// to forbid that is no reason not to serve.
void ForbidLookingIntoMemory();

}  // namespace sluice

#endif  // PROXY_BASE_PROCESS_H_
