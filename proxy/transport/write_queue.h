#ifndef PROXY_TRANSPORT_WRITE_QUEUE_H_
#define PROXY_TRANSPORT_WRITE_QUEUE_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proxy/base/bytes.h"

namespace sluice::transport {

// Writes to one stream without waiting, and owns what the socket did not take.
// Has no bound of its own: the caller looks at size(), and makes the source
// wait. On the loop's thread.
class WriteQueue {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // size() has become less, by the socket taking bytes or failing (then it is
    // 0). May destroy the queue.
    virtual void OnWriteProgress(absl::Status status) = 0;
  };

  // `stream` and `handler` outlive the queue.
  WriteQueue(uv_stream_t* stream, HandlerInterface* handler);
  // What is still queued is lost, when the stream is closed, too.
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // Writes `pieces` in order with as few system calls as can be, straight from
  // where they are. Returns how many of their last bytes were moved into the
  // queue; an error is the socket's, for good.
  absl::StatusOr<size_t> Write(absl::Span<const ByteView> pieces);

  // Bytes that the socket has not taken.
  size_t size() const;
  // Bytes that had to wait until the socket took them, in all.
  uint64_t taken_later() const { return moved_ - size(); }

 private:
  // Bytes that libuv works at; frees itself when libuv is done with it.
  struct Flight {
    uv_write_t request;
    std::string bytes;
    WriteQueue* queue;  // null: gone
  };

  static void OnWritten(uv_write_t* request, int result);
  absl::Status Launch();

  uv_stream_t* stream_;
  HandlerInterface* handler_;
  Flight* flight_ = nullptr;
  std::string waiting_;  // behind the flight
  uint64_t moved_ = 0;   // into the queue, in all
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_WRITE_QUEUE_H_
