#include "proxy/transport/write_queue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "proxy/transport/uv_error.h"

namespace sluice::transport {
namespace {

constexpr size_t kPiecesPerCall = 64;

}  // namespace

WriteQueue::WriteQueue(uv_stream_t* stream, HandlerInterface* handler)
    : stream_(stream), handler_(handler) {}

WriteQueue::~WriteQueue() {
  if (flight_ != nullptr) flight_->queue = nullptr;
}

absl::StatusOr<size_t> WriteQueue::Write(absl::Span<const ByteView> pieces) {
  size_t moved = 0;
  size_t taken = 0;  // of the first piece
  bool blocked = flight_ != nullptr;
  while (!blocked && !pieces.empty()) {
    std::array<uv_buf_t, kPiecesPerCall> buffers;
    const size_t count = std::min(pieces.size(), buffers.size());
    size_t offered = 0;
    for (size_t i = 0; i < count; ++i) {
      const ByteView piece = pieces[i].subspan(i == 0 ? taken : 0);
      buffers[i] = uv_buf_init(
          const_cast<char*>(reinterpret_cast<const char*>(piece.data())),
          static_cast<unsigned>(piece.size()));
      offered += piece.size();
    }
    const int result =
        uv_try_write(stream_, buffers.data(), static_cast<unsigned>(count));
    if (result < 0 && result != UV_EAGAIN) return UvError(result);
    size_t written = result < 0 ? 0 : static_cast<size_t>(result);
    blocked = written < offered;
    while (!pieces.empty() && written >= pieces[0].size() - taken) {
      written -= pieces[0].size() - taken;
      pieces.remove_prefix(1);
      taken = 0;
    }
    taken += written;
  }
  for (const ByteView piece : pieces) {
    const ByteView rest = piece.subspan(std::exchange(taken, 0));
    waiting_.append(reinterpret_cast<const char*>(rest.data()), rest.size());
    moved += rest.size();
  }
  moved_ += moved;
  if (flight_ == nullptr && !waiting_.empty()) {
    absl::Status status = Launch();
    if (!status.ok()) return status;
  }
  return moved;
}

size_t WriteQueue::size() const {
  return waiting_.size() +
         (flight_ == nullptr ? 0 : uv_stream_get_write_queue_size(stream_));
}

absl::Status WriteQueue::Launch() {
  auto* flight = new Flight{{}, std::move(waiting_), this};
  waiting_ = std::string();
  flight->request.data = flight;
  uv_buf_t buffer = uv_buf_init(flight->bytes.data(),
                                static_cast<unsigned>(flight->bytes.size()));
  const int result = uv_write(&flight->request, stream_, &buffer, 1, OnWritten);
  if (result < 0) {
    delete flight;
    return UvError(result);
  }
  flight_ = flight;
  return absl::OkStatus();
}

void WriteQueue::OnWritten(uv_write_t* request, int result) {
  auto* flight = static_cast<Flight*>(request->data);
  WriteQueue* queue = flight->queue;
  delete flight;
  if (queue == nullptr) return;
  queue->flight_ = nullptr;
  absl::Status status = result < 0 ? UvError(result) : absl::OkStatus();
  if (status.ok() && !queue->waiting_.empty()) status = queue->Launch();
  if (!status.ok()) queue->waiting_.clear();
  queue->handler_->OnWriteProgress(status);
}

}  // namespace sluice::transport
