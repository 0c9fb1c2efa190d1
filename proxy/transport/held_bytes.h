#ifndef PROXY_TRANSPORT_HELD_BYTES_H_
#define PROXY_TRANSPORT_HELD_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "proxy/base/bytes.h"

namespace sluice::transport {

// Bytes that grow at their end. Many megabytes of a packet are gathered in
// turns that serve other connections as well: where a string would copy them
// each time that it doubles, this lets the system move their pages. Takes no
// memory while it is empty. Ends the program when there is no memory, as
// operator new does.
class HeldBytes {
 public:
  HeldBytes() = default;
  HeldBytes(HeldBytes&& other) noexcept;
  HeldBytes& operator=(HeldBytes&& other) noexcept;

  size_t size() const { return size_; }
  ByteView view() const { return ByteView(memory_.get(), size_); }

  // `bytes` are not of this.
  void Append(ByteView bytes);
  // Keeps the last `count` bytes, and no memory beyond them.
  void KeepLast(size_t count);

 private:
  struct Free {
    void operator()(uint8_t* memory) const { std::free(memory); }
  };

  std::unique_ptr<uint8_t[], Free> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_HELD_BYTES_H_
