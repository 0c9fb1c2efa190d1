#include "proxy/transport/tokenless_bytes.h"

#include <algorithm>
#include <utility>

namespace sluice::transport {

void TokenlessBytes::Set(uint64_t id, size_t bytes) {
  const auto [it, is_new] = by_connection_.try_emplace(id, 0);
  total_ += bytes - it->second;  // modulo 2^64
  it->second = bytes;
  if (bytes == 0) by_connection_.erase(it);
}

std::vector<uint64_t> TokenlessBytes::Victims() const {
  // Room for a while, so that they need not be looked for again at once.
  constexpr size_t kEnough = kMost / 8 * 7;
  std::vector<std::pair<size_t, uint64_t>> by_size;
  by_size.reserve(by_connection_.size());
  for (const auto& [id, bytes] : by_connection_) by_size.push_back({bytes, id});
  std::sort(by_size.rbegin(), by_size.rend());
  std::vector<uint64_t> victims;
  size_t left = total_;
  for (const auto& [bytes, id] : by_size) {
    if (left <= kEnough) break;
    left -= bytes;
    victims.push_back(id);
  }
  return victims;
}

}  // namespace sluice::transport
