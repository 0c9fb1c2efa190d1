#ifndef POLICY_ACE_SECRET_BYTES_H_
#define POLICY_ACE_SECRET_BYTES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "policy/ace/openssl_guard.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Owned key material: never copied by accident, cleansed on destruction.
class SecretBytes {
 public:
  SecretBytes() = default;
  // `size` bytes, zero, to be filled in.
  explicit SecretBytes(size_t size)
      : data_(std::make_unique<uint8_t[]>(size)), size_(size) {}
  explicit SecretBytes(ByteView bytes) : SecretBytes(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), data_.get());
  }
  SecretBytes(SecretBytes&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    Cleanse();
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }
  ~SecretBytes() { Cleanse(); }

  uint8_t* data() { return data_.get(); }
  size_t size() const { return size_; }
  ByteView view() const { return ByteView(data_.get(), size_); }

 private:
  void Cleanse() {
    if (data_ != nullptr) OPENSSL_cleanse(data_.get(), size_);
  }

  std::unique_ptr<uint8_t[]> data_;
  size_t size_ = 0;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_SECRET_BYTES_H_
