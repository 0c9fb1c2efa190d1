#include "test/bench/load/event_loop.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

[[noreturn]] void Die(const char* call) {
  std::perror(call);
  std::exit(1);
}

}  // namespace

EventLoop::EventLoop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) Die("epoll_create1");
}

EventLoop::~EventLoop() { close(epoll_); }

void EventLoop::Add(int fd, uint32_t events, EventHandlerInterface* handler) {
  Control(EPOLL_CTL_ADD, fd, events, handler);
}

void EventLoop::Modify(int fd, uint32_t events,
                       EventHandlerInterface* handler) {
  Control(EPOLL_CTL_MOD, fd, events, handler);
}

void EventLoop::Control(int operation, int fd, uint32_t events,
                        EventHandlerInterface* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  if (epoll_ctl(epoll_, operation, fd, &event) != 0) Die("epoll_ctl");
}

void EventLoop::Wait(int64_t deadline) {
  const int64_t wait = std::max<int64_t>(deadline - NowNanos(), 0);
  const timespec timeout{static_cast<time_t>(wait / kNanosPerSecond),
                         static_cast<long>(wait % kNanosPerSecond)};
  const int count =
      epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()),
                   &timeout, nullptr);
  if (count < 0 && errno != EINTR) Die("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    static_cast<EventHandlerInterface*>(events_[i].data.ptr)
        ->OnEvents(events_[i].events);
  }
}

}  // namespace sluice::load
