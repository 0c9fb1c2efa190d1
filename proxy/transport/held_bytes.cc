#include "proxy/transport/held_bytes.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::transport {

HeldBytes::HeldBytes(HeldBytes&& other) noexcept
    : memory_(std::move(other.memory_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

HeldBytes& HeldBytes::operator=(HeldBytes&& other) noexcept {
  memory_ = std::move(other.memory_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void HeldBytes::Append(ByteView bytes) {
  if (bytes.empty()) return;
  if (bytes.size() > capacity_ - size_) {
    const size_t capacity = std::max(size_ + bytes.size(), 2 * capacity_);
    void* const memory = std::realloc(memory_.get(), capacity);
    if (memory == nullptr) std::abort();
    static_cast<void>(memory_.release());  // it is freed, or the same
    memory_.reset(static_cast<uint8_t*>(memory));
    capacity_ = capacity;
  }
  std::memcpy(memory_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void HeldBytes::KeepLast(size_t count) {
  HeldBytes kept;
  kept.Append(view().last(count));
  *this = std::move(kept);
}

}  // namespace sluice::transport
