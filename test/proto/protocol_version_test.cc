#include "proto/protocol_version.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using policy::v1::ProtocolVersion;

TEST(ProtocolVersionTest, EveryVersionHasAName) {
  for (int value = 0; value <= policy::v1::ProtocolVersion_MAX; ++value) {
    if (!policy::v1::ProtocolVersion_IsValid(value) ||
        value == policy::v1::PROTOCOL_VERSION_UNSPECIFIED) {
      continue;
    }
    const auto version = static_cast<ProtocolVersion>(value);
    EXPECT_NE(ProtocolVersionName(version), "");
    EXPECT_EQ(ParseProtocolVersion(ProtocolVersionName(version)), version);
  }
  EXPECT_EQ(ProtocolVersionName(policy::v1::PROTOCOL_VERSION_MQTT_5_0), "5.0");
}

TEST(ProtocolVersionTest, NothingElseHas) {
  EXPECT_EQ(ProtocolVersionName(policy::v1::PROTOCOL_VERSION_UNSPECIFIED), "");
  EXPECT_EQ(ProtocolVersionName(static_cast<ProtocolVersion>(7)), "");
  for (const char* name : {"", "5", "3.1", "3.1.1 ", "unspecified"}) {
    EXPECT_EQ(ParseProtocolVersion(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace sluice
