#include "proxy/base/signals.h"

#include <unistd.h>

#include <initializer_list>

namespace sluice {
namespace {

// The disposition is the system's again while this runs, and the signal is not
// blocked: but for the first process of a container it ends here.
void Quit(int number) {
  raise(number);
  _exit(128 + number);
}

}  // namespace

sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

void QuitAtNextSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT}) {
    struct sigaction quit = {};
    quit.sa_handler = Quit;
    quit.sa_flags = SA_RESETHAND | SA_NODEFER;
    sigaction(number, &quit, nullptr);
    sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace sluice
