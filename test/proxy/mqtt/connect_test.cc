#include "proxy/mqtt/connect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4, EDGE-5, EDGE-6

namespace sluice::mqtt {
namespace {

absl::Status Parse(const Frame& frame) { return ParseConnect(frame).status(); }

Connect Parsed(std::string&& packet) = delete;  // the result aliases it
Connect Parsed(const std::string& packet) {
  const auto connect = ParseConnect(FrameOf(packet));
  EXPECT_TRUE(connect.ok()) << connect.status();
  return connect.ok() ? *connect : Connect();
}

// Fixed header, protocol name, then `digits`: level, flags and the rest.
std::string ConnectOf(absl::string_view digits) {
  const std::string body = Hex("0004 4d515454") + Hex(digits);
  return '\x10' + std::string(1, static_cast<char>(body.size())) + body;
}

TEST(ConnectTest, ReadsTheSmallestV5) {
  const std::string packet =
      Hex("10 0d"
          "0004 4d515454"  // "MQTT"
          "05"             // MQTT 5.0
          "00"             // no flags
          "0000"           // keep alive off
          "00"             // no properties
          "0000");         // empty client identifier
  const Connect connect = Parsed(packet);
  EXPECT_EQ(connect.version, ProtocolVersion::kV5);
  EXPECT_FALSE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive, 0);
  EXPECT_TRUE(connect.properties.empty());
  EXPECT_EQ(connect.client_id, "");
  EXPECT_FALSE(connect.will.has_value());
  EXPECT_FALSE(connect.username.has_value());
  EXPECT_FALSE(connect.password.has_value());
  EXPECT_EQ(AsString(connect.client_id_and_will), Hex("0000"));
  ExpectStrict(Parse, packet);
}

TEST(ConnectTest, ReadsEverythingOfV5) {
  const std::string payload =
      Hex("0002 6964"       // client identifier "id"
          "05 18 0000000a"  // will delay 10 s
          "0003 772f74"     // will topic "w/t"
          "0002 00ff");     // will payload
  const std::string packet = Hex("10 33"
                                 "0004 4d515454"  // "MQTT"
                                 "05"             // MQTT 5.0
                                 "f6"    // user name, password, will retain,
                                         // will QoS 2, will, clean start
                                 "003c"  // keep alive 60 s
                                 "0e"    // property length
                                 "15 0003 616365"  // method "ace"
                                 "16 0002 0001"    // data
                                 "21 000a") +      // receive maximum 10
                             payload +
                             Hex("0001 75"      // user name "u"
                                 "0002 fffe");  // password
  const Connect connect = Parsed(packet);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive, 60);
  Property data;
  ASSERT_TRUE(connect.properties.Find(PropertyId::kAuthenticationData, &data));
  EXPECT_EQ(AsString(data.data), Hex("0001"));
  EXPECT_EQ(connect.client_id, "id");
  ASSERT_TRUE(connect.will.has_value());
  EXPECT_EQ(connect.will->topic, "w/t");
  EXPECT_EQ(AsString(connect.will->payload), Hex("00ff"));
  EXPECT_EQ(connect.will->qos, 2);
  EXPECT_TRUE(connect.will->retain);
  Property delay;
  ASSERT_TRUE(
      connect.will->properties.Find(PropertyId::kWillDelayInterval, &delay));
  EXPECT_EQ(delay.number, 10u);
  EXPECT_EQ(connect.username, "u");
  ASSERT_TRUE(connect.password.has_value());
  EXPECT_EQ(AsString(*connect.password), Hex("fffe"));
  EXPECT_EQ(AsString(connect.client_id_and_will), payload);
  ExpectStrict(Parse, packet);
}

TEST(ConnectTest, ReadsEverythingOfV311) {
  const std::string payload =
      Hex("0002 6964"    // client identifier "id"
          "0003 772f74"  // will topic "w/t"
          "0002 00ff");  // will payload
  const std::string packet = Hex("10 1e"
                                 "0004 4d515454"  // "MQTT"
                                 "04"             // MQTT 3.1.1
                                 "ce"             // user name, password,
                                       // will, its QoS 1, clean session
                                 "ffff") +  // keep alive
                             payload +
                             Hex("0001 75"    // user name "u"
                                 "0002 7077"  // password "pw"
                             );
  const Connect connect = Parsed(packet);
  EXPECT_EQ(connect.version, ProtocolVersion::kV311);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive, 65535);
  ASSERT_TRUE(connect.will.has_value());
  EXPECT_EQ(connect.will->qos, 1);
  EXPECT_FALSE(connect.will->retain);
  EXPECT_EQ(connect.username, "u");
  EXPECT_EQ(AsString(*connect.password), "pw");
  EXPECT_EQ(AsString(connect.client_id_and_will), payload);
  ExpectStrict(Parse, packet);
}

TEST(ConnectTest, RefusesOtherProtocols) {
  const ReasonCode unsupported = ReasonCode::kUnsupportedProtocolVersion;
  ExpectRefused(
      Parse,
      {
          {"MQTT 3.1", Hex("10 10 0006 4d5149736470 03 02 0000 0002 6964"),
           unsupported},
          {"MQIsdp at level 4",
           Hex("10 10 0006 4d5149736470 04 020000 00026964"), unsupported},
          {"lower case", Hex("10 0d 0004 6d717474 05 00 0000 00 0000"),
           unsupported},
          {"empty name", Hex("10 09 0000 05 00 0000 00 0000"), unsupported},
          {"level 3", ConnectOf("03 02 0000 0000"), unsupported},
          {"level 6", ConnectOf("06 02 0000 00 0000"), unsupported},
          {"level 0", ConnectOf("00"), unsupported},
          {"bridge of 3.1.1", ConnectOf("84 02 0000 0000"), unsupported},
          {"bridge of 5", ConnectOf("85 02 0000 00 0000"), unsupported},
          {"whatever follows", ConnectOf("07 ff"), unsupported},
          {"nothing", Hex("10 00"), ReasonCode::kMalformedPacket},
          {"no level", Hex("10 06 0004 4d515454"),
           ReasonCode::kMalformedPacket},
      });
}

TEST(ConnectTest, RefusesFlags) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      Parse,
      {
          {"fixed header", Hex("11 0d 0004 4d515454 05 00 0000 00 0000"),
           malformed},
          {"reserved, v5", ConnectOf("05 03 0000 00 0000"), malformed},
          {"reserved, v3", ConnectOf("04 03 0000 0000"), malformed},
          {"will QoS without will", ConnectOf("05 08 0000 00 0000"), malformed},
          {"will QoS 2 without will", ConnectOf("04 12 0000 0000"), malformed},
          {"will retain without will", ConnectOf("05 20 0000 00 0000"),
           malformed},
          {"will QoS 3", ConnectOf("05 1c 0000 00 0000 00 000161 0000"),
           malformed},
          {"will QoS 3, v3", ConnectOf("04 1e 0000 0000 000161 0000"),
           malformed},
          {"password without user name, v3",
           ConnectOf("04 42 0000 0000 0001 70"), malformed},
      });
}

TEST(ConnectTest, TakesAPasswordWithoutUserNameInV5) {
  const std::string packet = ConnectOf("05 40 0000 00 0000 0001 70");
  const Connect connect = Parsed(packet);
  EXPECT_FALSE(connect.username.has_value());
  EXPECT_EQ(AsString(*connect.password), "p");
}

TEST(ConnectTest, WantsCleanSessionOfANamelessV311Client) {
  EXPECT_EQ(Refusal(Parse, ConnectOf("04 02 0000 0000")), absl::nullopt);
  EXPECT_EQ(Refusal(Parse, ConnectOf("04 00 0000 0000")),
            ReasonCode::kClientIdentifierNotValid);
  EXPECT_EQ(Refusal(Parse, ConnectOf("04 00 0000 0001 61")), absl::nullopt);
}

TEST(ConnectTest, RefusesFields) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      Parse,
      {
          {"client identifier is not UTF-8", ConnectOf("05 00 0000 00 0001 ff"),
           malformed},
          {"client identifier has U+0000", ConnectOf("04 02 0000 0001 00"),
           malformed},
          {"user name is not UTF-8", ConnectOf("05 80 0000 00 0000 0002 c3 28"),
           malformed},
          {"will topic is not UTF-8",
           ConnectOf("05 04 0000 00 0000 00 0001ff 0000"), malformed},
          {"will topic has a wildcard",
           ConnectOf("05 04 0000 00 0000 00 0003612f23 0000"),
           ReasonCode::kTopicNameInvalid},
          {"will topic has a wildcard, v3",
           ConnectOf("04 06 0000 0000 00012b 0000"),
           ReasonCode::kTopicNameInvalid},
          {"will topic is empty", ConnectOf("05 04 0000 00 0000 00 0000 0000"),
           ReasonCode::kTopicNameInvalid},
          {"receive maximum 0", ConnectOf("05 00 0000 03 210000 0000"),
           ReasonCode::kProtocolError},
          {"maximum packet size 0", ConnectOf("05 00 0000 05 2700000000 0000"),
           ReasonCode::kProtocolError},
          {"authentication data without method",
           ConnectOf("05 00 0000 03 160000 0000"), ReasonCode::kProtocolError},
          {"will property among CONNECT's",
           ConnectOf("05 00 0000 05 1800000001 0000"), malformed},
          {"CONNECT property among the will's",
           ConnectOf("05 04 0000 00 0000 03 220001 000161 0000"), malformed},
          {"v5 property length is missing", ConnectOf("05 00 0000"), malformed},
          {"bytes behind the client identifier",
           ConnectOf("05 00 0000 00 0000 0000"), malformed},
      });
}

TEST(ConnectTest, PeeksAtTheProtocolLevel) {
  const auto peek = [](absl::string_view digits) {
    const std::string bytes = Hex(digits);
    return PeekProtocolLevel(AsBytes(bytes));
  };
  EXPECT_EQ(peek("0004 4d515454 05 ff"), 5);
  EXPECT_EQ(peek("0004 4d515454 04"), 4);
  EXPECT_EQ(peek("0004 4d515454 84"), 0x84);
  EXPECT_EQ(peek("0006 4d5149736470 03"), 3);
  EXPECT_EQ(peek("0004 58585858 05"), 5);
  EXPECT_EQ(peek("0000 00"), 0);
  EXPECT_EQ(peek("0004 4d515454"), absl::nullopt);
  EXPECT_EQ(peek(""), absl::nullopt);
}

}  // namespace
}  // namespace sluice::mqtt
