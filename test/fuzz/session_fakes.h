#ifndef TEST_FUZZ_SESSION_FAKES_H_
#define TEST_FUZZ_SESSION_FAKES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "proxy/session/anonymous_limit_interface.h"
#include "proxy/session/client_nonces_interface.h"
#include "proxy/session/decision.h"
#include "proxy/session/denial_limit_interface.h"
#include "proxy/session/event.h"
#include "proxy/session/random.h"

namespace sluice::session {

// What the fuzzed session is given to work with, but for its TLS.

// The same bytes again and again, or, if it `varies`, never the same nonce.
struct FakeRandom : RandomInterface {
  void Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0x5A;
    if (!varies || out.size() < sizeof(uint32_t)) return;
    ++count;
    for (size_t i = 0; i < sizeof count; ++i) {
      out[i] = static_cast<uint8_t>(count >> (8 * i));
    }
  }
  bool varies = false;
  uint32_t count = 0;
};

struct FakeObserver : ObserverInterface {
  void OnEvent(const Event&) override {}
};

// Once an address has had three denials, its clients are not asked about.
struct FakeDenials : DenialLimitInterface {
  bool IsReached() override { return count >= 3; }
  void OnDenial() override { ++count; }
  int count = 0;
};

struct FullOfAnonymous : AnonymousLimitInterface {
  bool LetInAnonymous() override { return false; }
};

inline constexpr char kFresh[] = "fresh";
struct FakeNonces : ClientNoncesInterface {
  std::string Make(absl::Time) const override { return kFresh; }
  bool IsFresh(ByteView nonce, absl::Time) const override {
    return AsString(nonce) == kFresh;
  }
};

struct FakeDecisions : DecisionObserverInterface {
  bool IsListening() const override { return true; }
  void OnDecision(const Decision&) override {}
};

}  // namespace sluice::session

#endif  // TEST_FUZZ_SESSION_FAKES_H_
