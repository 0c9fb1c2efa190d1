#ifndef PROXY_TRANSPORT_STREAM_H_
#define PROXY_TRANSPORT_STREAM_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/uv_handle.h"
#include "proxy/transport/write_queue.h"

namespace sluice::transport {

// One end of a connected stream socket. On the loop's thread.
class Stream final : private WriteQueue::HandlerInterface {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // Where the next bytes go; valid until OnRead().
    virtual absl::Span<uint8_t> OnReadable(Stream* stream) = 0;
    // `count` bytes are there; at least one.
    virtual void OnRead(Stream* stream, size_t count) = 0;
    // The peer sends no more: OK if it said so, else the connection is broken.
    // Reading has stopped.
    virtual void OnEnd(Stream* stream, absl::Status status) = 0;
    // The socket took bytes that were queued, or has failed.
    virtual void OnWriteProgress(Stream* stream, absl::Status status) = 0;
    // Each of these may destroy the stream.
  };

  // `handler` outlives the stream.
  Stream(UvStream socket, HandlerInterface* handler);

  // Does nothing if that is so already, or if the peer has ended. A peer that
  // sends without end gets one read in a turn of the loop, like the others.
  void SetReading(bool reading);
  // Whether the peer sends no more, or the connection is broken. For a stream
  // that is not read: what the peer has sent before may still be there. A
  // system call.
  bool PeerHasEnded() const;
  // Has the kernel ask a silent peer whether it is there, so that one that went
  // without a word ends within a minute (RFC 1122, 4.2.3.6); or no more, so
  // that its Keep Alive alone says how long it may be out of reach.
  void ProbePeer(bool probe);
  // The kernel keeps about so many bytes at most for a peer that does not take
  // them, where it would give a fast connection some megabytes.
  void LimitSendBuffer(int bytes);

  // As WriteQueue::Write(). After an error, here or in OnWriteProgress(), the
  // writing direction has ended, and the peer's end follows what it has sent
  // before. Bytes are dropped then, and after FinishWriting().
  absl::StatusOr<size_t> Write(absl::Span<const ByteView> pieces);
  size_t queued() const { return queue_.size(); }
  // Changes whenever the peer takes something, while bytes are queued: how many
  // of those that had to wait have left this host, less what was in the
  // socket's buffer before. A system call.
  int64_t Progress() const;
  // How many bytes the peer has sent.
  uint64_t received() const { return received_; }
  // Of our end; unspecified for Unix sockets.
  SocketAddress LocalAddress() const;

  // Ends the writing direction when all that is queued is written.
  void FinishWriting();
  // The peer has ended, and so have we.
  bool is_finished() const { return ended_ && finished_; }

 private:
  void OnWriteProgress(absl::Status status) override;
  void OnReadResult(ssize_t result);
  void BreakWriting();
  void SendFin();
  int fd() const;

  UvStream socket_;
  HandlerInterface* handler_;
  WriteQueue queue_;
  uint64_t received_ = 0;
  bool reading_ = false;
  bool filled_ = false;     // by the last read, all that there was room for
  bool ended_ = false;      // by the peer
  bool finishing_ = false;  // by us, once the queue is empty
  bool finished_ = false;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_STREAM_H_
