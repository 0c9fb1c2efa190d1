#ifndef TEST_PROXY_TRANSPORT_RUN_UNTIL_H_
#define TEST_PROXY_TRANSPORT_RUN_UNTIL_H_

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/transport/event_loop.h"

namespace sluice::transport {

// Runs a loop until `done`, which is soon, or the test's deadline.
template <typename Done>
void RunUntil(EventLoop* loop, Done done) {
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (!done() && absl::Now() < limit) uv_run(loop->uv(), UV_RUN_ONCE);
  ASSERT_TRUE(done());
}

}  // namespace sluice::transport

#endif  // TEST_PROXY_TRANSPORT_RUN_UNTIL_H_
