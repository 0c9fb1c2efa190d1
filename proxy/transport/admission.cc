#include "proxy/transport/admission.h"

namespace sluice::transport {

Admission::Verdict Admission::Admit(const SocketAddress& client) {
  if (!denials_.Has(client)) return Verdict::kTooManyDenials;
  if (!rates_.Take(client)) return Verdict::kTooFast;
  const uint64_t before = connections_.fetch_add(1, std::memory_order_relaxed);
  if (limits_.max_connections > 0 && before >= limits_.max_connections) {
    Release();
    return Verdict::kTooMany;
  }
  return Verdict::kAdmitted;
}

void Admission::Release() {
  if (connections_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    std::lock_guard<std::mutex> lock(mutex_);
    none_.notify_all();
  }
}

bool Admission::WaitUntilNone(absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return none_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                        [this] { return connections() == 0; });
}

}  // namespace sluice::transport
