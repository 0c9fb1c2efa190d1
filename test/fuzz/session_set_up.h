#ifndef TEST_FUZZ_SESSION_SET_UP_H_
#define TEST_FUZZ_SESSION_SET_UP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/session/settings.h"
#include "proxy/session/tls_channel_interface.h"
#include "test/fuzz/session_steps.h"

namespace sluice::session {

struct FakeTls : TlsChannelInterface {
  using Exported = std::vector<std::array<uint8_t, 32>>;

  bool IsResumed() const override { return resumed; }
  std::string PeerCertificate() const override { return certificate; }
  std::string PreSharedKeyId() const override { return psk_key_id; }
  // Of a resumed session too: it is not the channel that keeps it back.
  Exported ExportKeyingMaterial(absl::string_view) const override {
    return exported;
  }

  bool has_key() const { return !certificate.empty() || !psk_key_id.empty(); }
  // Whether a proof over what is exported can be taken (ACE-POP-3).
  bool takes_exporter_proof() const { return !resumed && !exported.empty(); }

  bool resumed = false;
  std::string certificate;
  std::string psk_key_id;
  Exported exported = {{}};
};

// What a session is made with.
//
// Three bits are of the first step's argument if that has bytes; the argument's
// lowest bit means something else, and its highest turns the three on.
//
// The first steps may also be facts: steps of kUpstreamConnected, which are
// nothing else so early, the first with an argument that is not 0. Each one's
// argument is bits, and the step after them counts as the first.
struct SetUp {
  // By place.
  enum Fact : uint8_t { kTls, kDemands, kOptions, kAnswers, kPolicy };
  static constexpr size_t kFacts = 5;

  // Of kTls. Two are how much is exported: one value, two as of TLS 1.2, or
  // none.
  static constexpr uint8_t kResumed = 1;
  static constexpr uint8_t kCertificate = 2;
  static constexpr uint8_t kPreSharedKey = 4;
  static constexpr uint8_t kExportedShift = 3;
  // Of kDemands. Both versions cannot be off.
  static constexpr uint8_t kNoV311 = 1;
  static constexpr uint8_t kNoV5 = 2;
  static constexpr uint8_t kNoAuthzInfo = 4;
  static constexpr uint8_t kSmallUnauthenticated = 8;
  static constexpr uint8_t kNonceOptional = 16;
  // Of kOptions: each is the other way round than is_strict has it.
  static constexpr uint8_t kHideTopics = 1;
  static constexpr uint8_t kV5UserName = 2;
  static constexpr uint8_t kBindClientId = 4;
  static constexpr uint8_t kGrace = 8;
  static constexpr uint8_t kRefusedCharacters = 16;
  // Of kAnswers. The lowest three are the reason of denials.
  static constexpr uint8_t kReasons = 7;
  static constexpr uint8_t kNarrowHasOtherKey = 8;
  static constexpr uint8_t kNarrowIsOtherSort = 16;
  // Of kPolicy.
  static constexpr uint8_t kUnheard = 1;  // until the policy first changes
  static constexpr uint8_t kRevokesKey = 2;
  static constexpr uint8_t kStoreFails = 4;
  static constexpr uint8_t kTokenLasts = 8;  // longer than a narrow grant
  static constexpr uint8_t kNoVersion = 16;

  explicit SetUp(const std::vector<Step>& steps);

  // How many of the first steps are facts.
  static size_t CountFacts(const std::vector<Step>& steps);

  Settings MakeSettings() const;

  bool rechecks() const { return gives_nonces || is_strict; }
  bool is_full() const { return is_public && is_strict && gives_nonces; }
  bool Has(Fact fact, uint8_t bit) const { return (facts[fact] & bit) != 0; }
  policy::v1::Denial::Reason denial_reason() const {
    return static_cast<policy::v1::Denial::Reason>(facts[kAnswers] & kReasons);
  }

  // Grants are for whoever has no token; with facts, only for who shows none,
  // and then also for whose TLS key has one.
  bool is_public = false;
  // The session gives out client-nonces; narrow grants have none.
  bool gives_nonces = false;
  // All that a listener can demand, and that a broker is told.
  bool is_strict = false;

  bool has_facts = false;
  std::array<uint8_t, kFacts> facts = {};
  FakeTls tls;
};

}  // namespace sluice::session

#endif  // TEST_FUZZ_SESSION_SET_UP_H_
