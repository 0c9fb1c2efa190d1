#ifndef PROXY_TRANSPORT_POLICY_QUESTIONS_H_
#define PROXY_TRANSPORT_POLICY_QUESTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/policy_client/policy_client_interface.h"
#include "proxy/session/effects.h"
#include "proxy/transport/loop_context.h"

namespace sluice::transport {

class ClientConnection;

// What one client's connection asks the policy service. An answer may come at
// once, late, on any thread, or after the connection's end: it is posted to the
// loop, and finds the connection by its id or not at all.
class PolicyQuestions {
 public:
  // `context` outlives this; `id` is the connection's in its table.
  PolicyQuestions(LoopContext* context, uint64_t id)
      : context_(context), id_(id) {}

  void Authenticate(const session::Effect& effect);
  void StoreToken(const session::Effect& effect);
  void Check(const session::Effect& effect);
  void GetPreSharedKey(const std::string& listener,
                       const std::string& client_address,
                       absl::string_view identity);

 private:
  // Tells the connection, if it is still there, what comes of a question.
  // `unanswered`, if there is one, is the loop's, and counts it no more then.
  template <typename Response>
  policy_client::PolicyClientInterface::Callback<Response> PostTo(
      void (ClientConnection::*on_answer)(uint64_t,
                                          const absl::StatusOr<Response>&),
      uint64_t request_id, size_t* unanswered = nullptr) const;

  LoopContext* const context_;
  const uint64_t id_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_POLICY_QUESTIONS_H_
