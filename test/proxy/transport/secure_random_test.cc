#include "proxy/transport/secure_random.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>

#include "absl/types/span.h"

namespace sluice::transport {
namespace {

// covers: ACE-POP-4
TEST(SecureRandomTest, FillsAllOfItAnewEachTime) {
  constexpr size_t kDraws = 64;
  std::set<std::array<uint8_t, 32>> draws;
  std::array<std::set<uint8_t>, 32> values;
  SecureRandom random;
  for (size_t i = 0; i < kDraws; ++i) {
    std::array<uint8_t, 32> draw{};
    random.Fill(absl::MakeSpan(draw));
    EXPECT_TRUE(draws.insert(draw).second);
    for (size_t at = 0; at < draw.size(); ++at) values[at].insert(draw[at]);
  }
  // Of 64 bytes by chance 57 differ; less than half never do in practice.
  for (size_t at = 0; at < values.size(); ++at) {
    EXPECT_GT(values[at].size(), kDraws / 2) << at;
  }
}

}  // namespace
}  // namespace sluice::transport
