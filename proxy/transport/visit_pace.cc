#include "proxy/transport/visit_pace.h"

#include <algorithm>

namespace sluice::transport {

VisitPace VisitPace::EachTurn(size_t visits) {
  VisitPace pace;
  pace.each_turn_ = static_cast<double>(visits);
  return pace;
}

VisitPace VisitPace::Within(absl::Duration time, size_t visits, uint64_t now) {
  VisitPace pace;
  const double nanoseconds = std::max(absl::ToDoubleNanoseconds(time), 1.0);
  pace.each_nanosecond_ = static_cast<double>(visits) / nanoseconds;
  pace.started_at_ = now;
  return pace;
}

void VisitPace::BeginTurn(uint64_t now) {
  if (each_nanosecond_ == 0) {
    due_ = each_turn_;
    return;
  }
  due_ = each_nanosecond_ * static_cast<double>(now - started_at_) - taken_;
}

bool VisitPace::Take() {
  // By no more than a rounding error too early.
  constexpr double kOne = 1 - 1e-6;
  if (due_ < kOne) return false;
  --due_;
  ++taken_;
  return true;
}

}  // namespace sluice::transport
