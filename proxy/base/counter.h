#ifndef PROXY_BASE_COUNTER_H_
#define PROXY_BASE_COUNTER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice {

// A counter with one writing thread and any number of readers.
class Counter {
 public:
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_relaxed);
  }
  void Increment() { Add(1); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A counter, or an array of them, for each value of an enumeration: its values
// are less than `size`.
template <typename Enum, size_t size, typename Element = Counter>
class CounterArray {
 public:
  Element& operator[](Enum index) {
    return elements_[static_cast<size_t>(index)];
  }
  const Element& operator[](Enum index) const {
    return elements_[static_cast<size_t>(index)];
  }

 private:
  std::array<Element, size> elements_;
};

}  // namespace sluice

#endif  // PROXY_BASE_COUNTER_H_
