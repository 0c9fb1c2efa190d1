#ifndef PROXY_BASE_SIGNALS_H_
#define PROXY_BASE_SIGNALS_H_

#include <signal.h>

namespace sluice {

// How a program of ours takes signals: blocked everywhere, awaited with
// sigwait() by the main thread.

// Blocks SIGTERM, SIGINT and SIGHUP and returns them as a set; every thread
// that is started later inherits that. SIGPIPE is ignored.
sigset_t BlockSignals();

// From here on the next SIGTERM or SIGINT ends the process at once, as the
// system does by default; and the first process of a container, which the
// system spares, with the status that a shell has for that. On the thread that
// called BlockSignals().
void QuitAtNextSignal();

}  // namespace sluice

#endif  // PROXY_BASE_SIGNALS_H_
