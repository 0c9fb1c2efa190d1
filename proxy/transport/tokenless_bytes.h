#ifndef PROXY_TRANSPORT_TOKENLESS_BYTES_H_
#define PROXY_TRANSPORT_TOKENLESS_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace sluice::transport {

// What is kept for the clients of a loop that have shown no token: packets that
// are not whole, and topics that aliases stand for.
class TokenlessBytes {
 public:
  // Of all together; what is more has to go.
  static constexpr size_t kMost = 32 * 1024 * 1024;

  // What is kept for connection `id`; 0 for one that has gone.
  void Set(uint64_t id, size_t bytes);

  bool is_over() const { return total_ > kMost; }
  // Without which connections it would be well below kMost: those that hold the
  // most come first, whoever has sent something last.
  std::vector<uint64_t> Victims() const;

 private:
  absl::flat_hash_map<uint64_t, size_t> by_connection_;  // none with 0
  size_t total_ = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_TOKENLESS_BYTES_H_
