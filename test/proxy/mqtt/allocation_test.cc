// The hot path of the codec does not allocate.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "proxy/base/bytes.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unframer.h"
#include "test/proxy/mqtt/packet_test_util.h"
#include "test/testing/allocation_counter.h"

namespace sluice::mqtt {
namespace {

TEST(AllocationTest, UnframingParsingAndMatchingAPublishTakesNone) {
  const std::string packet =
      Hex("32 12"
          "0003 612f62"           // topic "a/b"
          "0001"                  // packet identifier
          "0a"                    // property length
          "23 0001"               // topic alias 1
          "26 0001 61 0001 62");  // user property a: b
  const uint64_t before = sluice::testing::Allocations();
  const UnframeResult unframed = Unframe(AsBytes(packet), packet.size());
  const auto publish = ParsePublish(unframed.frame, kV5, Sender::kClient);
  const bool matches = publish.ok() && TopicMatches("a/+", publish->topic);
  const uint64_t after = sluice::testing::Allocations();
  EXPECT_EQ(after, before);
  EXPECT_TRUE(matches);
}

}  // namespace
}  // namespace sluice::mqtt
