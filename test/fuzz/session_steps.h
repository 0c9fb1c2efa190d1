#ifndef TEST_FUZZ_SESSION_STEPS_H_
#define TEST_FUZZ_SESSION_STEPS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "proxy/base/bytes.h"

namespace sluice::session {

// One thing that happens to a session; session_fuzz.cc says what. An input is a
// sequence of them: a byte for kind and argument, and for those with bytes a
// length and the bytes.
struct Step {
  enum Kind : uint8_t {
    kOpen,  // with a fixed grant, so that none need find the way
    kClientBytes,
    kBrokerBytes,
    kPolicyAnswers,
    kUpstreamConnected,  // or a fact, see SetUp
    kTime,
    kEvent,
    kStoreAnswers,
  };
  static constexpr uint8_t kKinds = 8;
  static constexpr uint8_t kArguments = 32;
  static constexpr size_t kMaxBytes = 255;

  Kind kind = kOpen;
  uint8_t argument = 0;  // below kArguments
  std::string bytes = {};

  bool has_bytes() const { return kind <= kBrokerBytes; }
};

// Any bytes are steps; the last one may be cut short.
std::vector<Step> ReadSteps(ByteView input);
std::string WriteSteps(const std::vector<Step>& steps);

}  // namespace sluice::session

#endif  // TEST_FUZZ_SESSION_STEPS_H_
