#include "policy/store/call_deadline.h"

#include <algorithm>

namespace sluice::policy {
namespace {

thread_local CallDeadline::Time current = CallDeadline::Time::max();

}  // namespace

CallDeadline::CallDeadline(Time deadline) : outer_(current) {
  current = std::min(outer_, deadline);
}

CallDeadline::~CallDeadline() { current = outer_; }

CallDeadline::Time CallDeadline::Current() { return current; }

}  // namespace sluice::policy
