#ifndef PROXY_TRANSPORT_LOOP_CONTEXT_H_
#define PROXY_TRANSPORT_LOOP_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "proxy/policy_client/policy_client_interface.h"
#include "proxy/session/context.h"
#include "proxy/session/counters.h"
#include "proxy/session/decision_recorder.h"
#include "proxy/session/effects.h"
#include "proxy/transport/address_rates.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/loop_stats.h"
#include "proxy/transport/packet_buffer.h"
#include "proxy/transport/secure_random.h"
#include "proxy/transport/tls_io.h"
#include "proxy/transport/transport_observer.h"

namespace sluice::transport {

class ConnectionTable;

// What the connections of one event loop share. The buffers are used by one
// connection at a time and hold nothing between turns.
struct LoopContext {
  // A whole TLS record (RFC 8446 section 5.2), and hardly more: so much of a
  // client that sends without end is judged before the others have their turn.
  static constexpr size_t kCiphertextSize = 17 * 1024;
  static constexpr size_t kScratchSize = PacketBuffer::kMinScratch;

  absl::Span<uint8_t> ciphertext() {
    return absl::MakeSpan(ciphertext_memory.get(), kCiphertextSize);
  }
  absl::Span<uint8_t> scratch() {
    return absl::MakeSpan(scratch_memory.get(), kScratchSize);
  }

  // These outlive the context; transport_observer may be null.
  policy_client::PolicyClientInterface* policy = nullptr;
  session::ObserverInterface* observer = nullptr;
  TransportObserverInterface* transport_observer = nullptr;
  size_t worker = 0;  // see SessionId
  EventLoop* loop = nullptr;
  ConnectionTable* connections = nullptr;
  AddressRates* denials = nullptr;

  // Questions about grants that the policy service has not answered.
  size_t unanswered = 0;
  // What the policy service has pushed; see Worker.
  session::LivePolicy live_policy;

  LoopStats stats;
  session::Counters counters;
  SecureRandom random;
  // Null: decisions are not recorded.
  std::unique_ptr<session::DecisionRecorder> recorder;

  // As read from a client.
  const std::unique_ptr<uint8_t[]> ciphertext_memory{
      new uint8_t[kCiphertextSize]};
  // Decrypted, or as read from a broker.
  const std::unique_ptr<uint8_t[]> scratch_memory{new uint8_t[kScratchSize]};
  TlsIo tls_io;
  session::Effects effects;
  // Of one write to the broker.
  std::vector<ByteView> pieces;
  // Bytes that pass unchanged among those that tls_io's output encrypts.
  size_t forwarded_in_output = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_LOOP_CONTEXT_H_
