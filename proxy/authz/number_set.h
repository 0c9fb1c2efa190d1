#ifndef PROXY_AUTHZ_NUMBER_SET_H_
#define PROXY_AUTHZ_NUMBER_SET_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/numeric/bits.h"

namespace sluice::authz {

// Some of the numbers from 0 to below a size. Up to 1,024 need no allocation.
class NumberSet {
 public:
  explicit NumberSet(size_t size) : words_((size + kBits - 1) / kBits) {}

  void Insert(uint16_t number) {
    words_[number / kBits] |= uint64_t{1} << (number % kBits);
  }
  bool Contains(uint16_t number) const {
    return (words_[number / kBits] >> (number % kBits) & 1) != 0;
  }

  // Calls `use` with each, in ascending order.
  template <typename Use>
  void ForEach(Use use) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        use(static_cast<uint16_t>(
            i * kBits + static_cast<size_t>(absl::countr_zero(word))));
      }
    }
  }

 private:
  static constexpr size_t kBits = 64;

  absl::InlinedVector<uint64_t, 16> words_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_NUMBER_SET_H_
