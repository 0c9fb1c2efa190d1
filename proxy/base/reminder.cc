#include "proxy/base/reminder.h"

#include <chrono>
#include <utility>

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Reminder::Reminder(absl::Duration interval, std::function<void()> remind)
    : thread_(
          [interval, remind = std::move(remind),
           due = Clock::now() + absl::ToChronoNanoseconds(interval)]() mutable {
            Clock::time_point now = Clock::now();
            if (now >= due) {
              remind();
              now = Clock::now();
              due = now + absl::ToChronoNanoseconds(interval);
            }
            return absl::FromChrono(due - now);
          }) {}

}  // namespace sluice
