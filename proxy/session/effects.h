#ifndef PROXY_SESSION_EFFECTS_H_
#define PROXY_SESSION_EFFECTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/base/bytes.h"

namespace sluice::session {

// Something that a session wants done.
struct Effect {
  enum class Kind : uint8_t {
    // Write bytes() to the client (under TLS) or to the broker. In order.
    kSendToClient,
    kSendToBroker,
    // Ask the policy service; answer with Session::OnAuthenticateAnswer(),
    // OnStoreTokenAnswer() or OnCheckAnswer() and the same request_id, inline
    // or later.
    kAuthenticate,
    kStoreToken,
    kCheck,
    // Open the connection to the broker; answer with OnUpstreamConnected() or
    // OnUpstreamClosed().
    kConnectUpstream,
    // Call OnTimer() at `deadline`; replaces the timer set before.
    kSetTimer,
    kClearTimer,
    // Flush what was sent to either side, within a bound, and close both. The
    // last effect of a session; it needs no further input.
    kClose,
  };
  Kind kind = Kind::kClose;
  // Bytes that alias the session's input (a run of packets that pass
  // unchanged), else bytes that the session built.
  bool forwarded = false;
  ByteView run;                   // forwarded
  size_t offset = 0, length = 0;  // built: within Effects' arena
  uint64_t request_id = 0;        // of the three questions
  size_t request_index = 0;       // within Effects' requests
  absl::Time deadline;            // kSetTimer
};

// The effects of one input, in order. The caller owns it, carries the effects
// out before it gives the session another input or touches the input's buffer,
// and then calls Clear(); some capacity is kept, so that the steady state does
// not allocate. Not thread-safe.
class Effects {
 public:
  const std::vector<Effect>& list() const { return list_; }
  bool empty() const { return list_.empty(); }
  // Whether there is one of kSendToBroker.
  bool SendsToBroker() const { return sends_to_broker_; }
  void Clear();

  // Of kSendToClient and kSendToBroker; valid until Clear() or the next effect.
  ByteView bytes(const Effect& effect) const;
  const policy::v1::AuthenticateRequest& authenticate(const Effect& e) const {
    return *authenticate_[e.request_index];
  }
  const policy::v1::StoreTokenRequest& store_token(const Effect& e) const {
    return *store_token_[e.request_index];
  }
  const policy::v1::CheckRequest& check(const Effect& e) const {
    return *check_[e.request_index];
  }

  // For sessions.
  void Forward(Effect::Kind kind, ByteView run);  // joins adjacent runs
  void Send(Effect::Kind kind, absl::string_view built);
  void Authenticate(uint64_t request_id,
                    std::unique_ptr<policy::v1::AuthenticateRequest> request);
  void StoreToken(uint64_t request_id,
                  std::unique_ptr<policy::v1::StoreTokenRequest> request);
  void Check(uint64_t request_id,
             std::unique_ptr<policy::v1::CheckRequest> request);
  void ConnectUpstream();
  void SetTimer(absl::Time deadline);
  void ClearTimer();
  void Close();

 private:
  void Add(Effect::Kind kind);
  template <typename Request>
  void Ask(Effect::Kind kind, uint64_t request_id,
           std::unique_ptr<Request> request,
           std::vector<std::unique_ptr<Request>>* requests);

  std::vector<Effect> list_;
  bool sends_to_broker_ = false;
  std::string arena_;
  std::vector<std::unique_ptr<policy::v1::AuthenticateRequest>> authenticate_;
  std::vector<std::unique_ptr<policy::v1::StoreTokenRequest>> store_token_;
  std::vector<std::unique_ptr<policy::v1::CheckRequest>> check_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_EFFECTS_H_
