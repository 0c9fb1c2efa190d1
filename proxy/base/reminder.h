#ifndef PROXY_BASE_REMINDER_H_
#define PROXY_BASE_REMINDER_H_

#include <functional>

#include "absl/time/time.h"
#include "proxy/base/wakeup_thread.h"

namespace sluice {

// Calls a function once an interval, for the first time after one, on a thread
// of its own, for whose call its end waits.
class Reminder {
 public:
  Reminder(absl::Duration interval, std::function<void()> remind);
  Reminder(const Reminder&) = delete;
  Reminder& operator=(const Reminder&) = delete;

 private:
  WakeupThread thread_;
};

}  // namespace sluice

#endif  // PROXY_BASE_REMINDER_H_
