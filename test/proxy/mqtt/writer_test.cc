#include "proxy/mqtt/writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

namespace sluice::mqtt {
namespace {

// What `append` writes behind "x", in hexadecimal. The "x" shows that writers
// append.
template <typename Append>
std::string Written(Append append) {
  std::string out = "x";
  append(&out);
  EXPECT_EQ(out[0], 'x');
  return absl::BytesToHexString(out.substr(1));
}

TEST(WriterTest, WritesNumbers) {
  EXPECT_EQ(Written([](auto* out) { AppendByte(0xfe, out); }), "fe");
  EXPECT_EQ(Written([](auto* out) { AppendU16(0x0102, out); }), "0102");
  EXPECT_EQ(Written([](auto* out) { AppendU32(0x01020304, out); }), "01020304");
}

TEST(WriterTest, WritesVarintsOfEverySize) {
  const struct {
    uint32_t value;
    absl::string_view digits;
  } cases[] = {
      {0, "00"},
      {127, "7f"},
      {128, "8001"},
      {16383, "ff7f"},
      {16384, "808001"},
      {2097151, "ffff7f"},
      {2097152, "80808001"},
      {268435455, "ffffff7f"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Written([&](auto* out) { AppendVarint(test.value, out); }),
              test.digits);
    EXPECT_EQ(VarintSize(test.value), test.digits.size() / 2);
    const std::string bytes = Hex(test.digits);
    ByteReader reader(AsBytes(bytes));
    uint32_t value = 0;
    EXPECT_EQ(ReadVarint(&reader, &value), VarintResult::kOk);
    EXPECT_EQ(value, test.value);
    EXPECT_TRUE(reader.empty());
  }
}

TEST(WriterTest, WritesStringsAndProperties) {
  EXPECT_EQ(Written([](auto* out) { AppendString("ab", out); }), "00026162");
  EXPECT_EQ(Written([](auto* out) { AppendBinary(AsBytes("\xff"), out); }),
            "0001ff");
  EXPECT_EQ(Written([](auto* out) {
              AppendU16Property(PropertyId::kTopicAlias, 7, out);
            }),
            "230007");
  EXPECT_EQ(Written([](auto* out) {
              AppendU32Property(PropertyId::kMessageExpiryInterval, 60, out);
            }),
            "020000003c");
  EXPECT_EQ(Written([](auto* out) {
              AppendBinaryProperty(PropertyId::kAuthenticationMethod,
                                   AsBytes("ace"), out);
            }),
            "150003616365");
  EXPECT_EQ(Written([](auto* out) { AppendUserProperty("a", "bc", out); }),
            "2600016100026263");
}

TEST(WriterTest, WritesConnack) {
  EXPECT_EQ(
      Written([](auto* out) { AppendConnack(kV5, true, 0, Hex("2401"), out); }),
      "2005010002"
      "2401");
  EXPECT_EQ(
      Written([](auto* out) { AppendConnack(kV5, false, 0x87, "", out); }),
      "2003008700");
  EXPECT_EQ(Written([](auto* out) { AppendConnack(kV311, true, 0, "", out); }),
            "20020100");
}

TEST(WriterTest, WritesAcknowledgementsAsShortAsCanBe) {
  const auto written = [](PacketType type, ProtocolVersion version,
                          ReasonCode code, const std::string& properties) {
    return Written([&](auto* out) {
      AppendPuback(type, version, 0x0102, code, properties, out);
    });
  };
  const std::string reason = Hex("1f 0001 61");
  const ReasonCode denied = ReasonCode::kNotAuthorized;
  const ReasonCode success = ReasonCode::kSuccess;
  EXPECT_EQ(written(PacketType::kPuback, kV5, success, ""), "40020102");
  EXPECT_EQ(written(PacketType::kPuback, kV5, denied, ""), "4003010287");
  EXPECT_EQ(written(PacketType::kPubrec, kV5, denied, reason),
            "50080102"
            "87"
            "04"
            "1f000161");
  EXPECT_EQ(written(PacketType::kPubcomp, kV5, success, reason),
            "70080102"
            "00"
            "04"
            "1f000161");
  EXPECT_EQ(written(PacketType::kPubrel, kV5, success, ""), "62020102");
  EXPECT_EQ(written(PacketType::kPuback, kV311, denied, ""), "40020102");
  EXPECT_EQ(written(PacketType::kPubrel, kV311, success, ""), "62020102");
}

TEST(WriterTest, WritesSubackAndUnsuback) {
  const std::string codes = Hex("00 87");
  EXPECT_EQ(Written([&](auto* out) {
              AppendSuback(kV5, 1, "", AsBytes(codes), out);
            }),
            "9005"
            "0001"
            "00"
            "0087");
  EXPECT_EQ(Written([&](auto* out) {
              AppendSuback(kV311, 1, "", AsBytes(codes), out);
            }),
            "9004"
            "0001"
            "0087");
  EXPECT_EQ(Written([&](auto* out) {
              AppendUnsuback(kV5, 1, "", AsBytes(codes), out);
            }),
            "b005"
            "0001"
            "00"
            "0087");
  EXPECT_EQ(Written([&](auto* out) {
              AppendUnsuback(kV311, 1, "", AsBytes(codes), out);
            }),
            "b002"
            "0001");
}

TEST(WriterTest, WritesDisconnectAndAuth) {
  const std::string method = Hex("15 0003 616365");
  const auto disconnect = [](ProtocolVersion version, ReasonCode code,
                             const std::string& properties) {
    return Written(
        [&](auto* out) { AppendDisconnect(version, code, properties, out); });
  };
  const std::string reason = Hex("1f 0001 61");
  EXPECT_EQ(disconnect(kV5, ReasonCode::kSuccess, ""), "e000");
  EXPECT_EQ(disconnect(kV5, ReasonCode::kNotAuthorized, ""), "e00187");
  EXPECT_EQ(disconnect(kV5, ReasonCode::kSuccess, reason),
            "e006"
            "00"
            "04"
            "1f000161");
  EXPECT_EQ(disconnect(kV311, ReasonCode::kNotAuthorized, ""), "e000");
  EXPECT_EQ(Written([&](auto* out) {
              AppendAuth(ReasonCode::kContinueAuthentication, method, out);
            }),
            "f008"
            "18"
            "06"
            "150003616365");
  EXPECT_EQ(
      Written([](auto* out) { AppendAuth(ReasonCode::kSuccess, "", out); }),
      "f000");
}

TEST(WriterTest, WritesPacketsAcrossTheLengthBoundary) {
  for (const size_t size : {127, 128, 16383, 16384}) {
    const std::string body(size, 'b');
    std::string out;
    AppendPacket(PacketType::kPublish, 0, body, &out);
    EXPECT_EQ(out.size(), 1 + VarintSize(size) + size);
    EXPECT_EQ(AsString(FrameOf(out).body), body);
  }
}

TEST(WriterTest, WritesPublish) {
  const std::string properties = Hex("23 0007");
  Publish publish;
  publish.dup = true;
  publish.qos = 1;
  publish.retain = true;
  publish.topic = "a";
  publish.packet_id = 9;
  publish.properties = Properties::Unchecked(AsBytes(properties));
  publish.payload = AsBytes("p");
  EXPECT_EQ(Written([&](auto* out) { AppendPublish(kV5, publish, out); }),
            "3b0a"
            "000161"
            "0009"
            "03"
            "230007"
            "70");
  EXPECT_EQ(Written([&](auto* out) { AppendPublish(kV311, publish, out); }),
            "3b06"
            "000161"
            "0009"
            "70");
  publish.dup = publish.retain = false;
  publish.qos = 0;
  EXPECT_EQ(Written([&](auto* out) { AppendPublish(kV311, publish, out); }),
            "3004"
            "000161"
            "70");
}

TEST(WriterTest, WritesConnect) {
  Connect connect;
  EXPECT_EQ(Written([&](auto* out) { AppendConnect(connect, out); }),
            "100d"
            "00044d515454"
            "05"
            "00"
            "0000"
            "00"
            "0000");
  connect.version = kV311;
  connect.clean_start = true;
  connect.keep_alive = 60;
  connect.client_id = "c";
  connect.will.emplace();
  connect.will->topic = "w";
  connect.will->payload = AsBytes("p");
  connect.will->qos = 2;
  connect.will->retain = true;
  connect.username = "u";
  connect.password = AsBytes("s");
  EXPECT_EQ(Written([&](auto* out) { AppendConnect(connect, out); }),
            "1019"
            "00044d515454"
            "04"
            "f6"
            "003c"
            "000163"
            "000177"
            "000170"
            "000175"
            "000173");
}

TEST(WriterTest, WritesSubscribeAndUnsubscribe) {
  Subscribe subscribe;
  subscribe.packet_id = 1;
  subscribe.entries.push_back({"a", 0x2e});
  EXPECT_EQ(Written([&](auto* out) { AppendSubscribe(kV5, subscribe, out); }),
            "8207"
            "0001"
            "00"
            "000161"
            "2e");
  EXPECT_EQ(Written([&](auto* out) { AppendSubscribe(kV311, subscribe, out); }),
            "8206"
            "0001"
            "000161"
            "2e");
  Unsubscribe unsubscribe;
  unsubscribe.packet_id = 1;
  unsubscribe.filters = {"a", "b"};
  EXPECT_EQ(
      Written([&](auto* out) { AppendUnsubscribe(kV5, unsubscribe, out); }),
      "a209"
      "0001"
      "00"
      "000161"
      "000162");
}

}  // namespace
}  // namespace sluice::mqtt
