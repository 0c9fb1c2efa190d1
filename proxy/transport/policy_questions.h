#ifndef PROXY_TRANSPORT_POLICY_QUESTIONS_H_
#define PROXY_TRANSPORT_POLICY_QUESTIONS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/session/effects.h"
#include "proxy/transport/loop_context.h"

namespace sluice::transport {

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
  LoopContext* const context_;
  const uint64_t id_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_POLICY_QUESTIONS_H_
