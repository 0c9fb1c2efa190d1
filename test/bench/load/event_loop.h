#ifndef TEST_BENCH_LOAD_EVENT_LOOP_H_
#define TEST_BENCH_LOAD_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <array>
#include <cstdint>

namespace sluice::load {

// What a file descriptor's events go to.
class EventHandlerInterface {
 public:
  // `events` as in epoll(7). A call may still come after the handler closed its
  // descriptor, out of the batch that was being handed out.
  virtual void OnEvents(uint32_t events) = 0;

 protected:
  ~EventHandlerInterface() = default;
};

// Level-triggered epoll. A failing system call here is a bug or an exhausted
// machine and ends the program with a message.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Watches `fd` until it is closed. `handler` must outlive the next Wait().
  void Add(int fd, uint32_t events, EventHandlerInterface* handler);
  void Modify(int fd, uint32_t events, EventHandlerInterface* handler);

  // Hands out what is ready; waits for it until `deadline` (NowNanos()) at
  // most, not at all when that is past.
  void Wait(int64_t deadline);

 private:
  void Control(int operation, int fd, uint32_t events,
               EventHandlerInterface* handler);

  int epoll_;
  std::array<epoll_event, 256> events_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_EVENT_LOOP_H_
