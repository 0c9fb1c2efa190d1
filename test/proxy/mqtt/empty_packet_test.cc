#include "proxy/mqtt/empty_packet.h"

#include <gtest/gtest.h>

#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-4

namespace sluice::mqtt {
namespace {

TEST(EmptyPacketTest, TakesPings) {
  ExpectStrict(CheckEmptyPacket, Hex("c0 00"));  // PINGREQ
  ExpectStrict(CheckEmptyPacket, Hex("d0 00"));  // PINGRESP
}

TEST(EmptyPacketTest, RefusesFlagsAndBodies) {
  ExpectRefused(
      CheckEmptyPacket,
      {
          {"PINGREQ flags", Hex("c1 00"), ReasonCode::kMalformedPacket},
          {"PINGRESP flags", Hex("d8 00"), ReasonCode::kMalformedPacket},
          {"a body", Hex("c0 01 00"), ReasonCode::kMalformedPacket},
      });
}

}  // namespace
}  // namespace sluice::mqtt
