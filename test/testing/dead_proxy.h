#ifndef TEST_TESTING_DEAD_PROXY_H_
#define TEST_TESTING_DEAD_PROXY_H_

#include <cstdlib>

namespace sluice::testing {

// While it lives, the environment names an HTTP proxy at which nobody listens:
// whoever goes through it gets nowhere.
class DeadProxy {
 public:
  DeadProxy() {
    for (const char* name : kNames) setenv(name, "http://127.0.0.1:9", 1);
  }
  ~DeadProxy() {
    for (const char* name : kNames) unsetenv(name);
  }
  DeadProxy(const DeadProxy&) = delete;
  DeadProxy& operator=(const DeadProxy&) = delete;

 private:
  static constexpr const char* kNames[] = {"grpc_proxy", "http_proxy",
                                           "https_proxy", "ALL_PROXY"};
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_DEAD_PROXY_H_
