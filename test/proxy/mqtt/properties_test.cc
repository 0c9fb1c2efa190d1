#include "proxy/mqtt/properties.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/reason_code.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-3, EDGE-7

namespace sluice::mqtt {
namespace {

using Place = PropertyPlace;
constexpr int kPlaces = static_cast<int>(Place::kAuth) + 1;

absl::optional<ReasonCode> RefusalOf(absl::string_view digits, Place place) {
  const std::string bytes = Hex(digits);
  const absl::StatusOr<Properties> properties =
      ParseProperties(AsBytes(bytes), place);
  if (properties.ok()) return absl::nullopt;
  return ReasonCodeOf(properties.status());
}

// MQTT 5.0 table 2-4, written down anew.
struct Row {
  PropertyId id;
  absl::string_view digits;  // one valid occurrence
  std::vector<Place> places;
};

const std::vector<Place>& Everywhere() {
  static const auto* const places = new std::vector<Place>{
      Place::kConnect,    Place::kConnack,     Place::kPublish,
      Place::kWill,       Place::kPuback,      Place::kPubrec,
      Place::kPubrel,     Place::kPubcomp,     Place::kSubscribe,
      Place::kSuback,     Place::kUnsubscribe, Place::kUnsuback,
      Place::kDisconnect, Place::kAuth};
  return *places;
}

std::vector<Row> Table() {
  const std::vector<Place> message = {Place::kPublish, Place::kWill};
  const std::vector<Place> connect = {Place::kConnect};
  const std::vector<Place> connack = {Place::kConnack};
  const std::vector<Place> both = {Place::kConnect, Place::kConnack};
  return {
      {PropertyId::kPayloadFormatIndicator, "01 01", message},
      {PropertyId::kMessageExpiryInterval, "02 00000001", message},
      {PropertyId::kContentType, "03 0001 61", message},
      {PropertyId::kResponseTopic, "08 0001 61", message},
      {PropertyId::kCorrelationData, "09 0001 ff", message},
      {PropertyId::kSubscriptionIdentifier,
       "0b 8001",
       {Place::kPublish, Place::kSubscribe}},
      {PropertyId::kSessionExpiryInterval,
       "11 ffffffff",
       {Place::kConnect, Place::kConnack, Place::kDisconnect}},
      {PropertyId::kAssignedClientIdentifier, "12 0001 61", connack},
      {PropertyId::kServerKeepAlive, "13 003c", connack},
      {PropertyId::kAuthenticationMethod,
       "15 0003 616365",
       {Place::kConnect, Place::kConnack, Place::kAuth}},
      {PropertyId::kRequestProblemInformation, "17 00", connect},
      {PropertyId::kWillDelayInterval, "18 00000005", {Place::kWill}},
      {PropertyId::kRequestResponseInformation, "19 01", connect},
      {PropertyId::kResponseInformation, "1a 0001 61", connack},
      {PropertyId::kServerReference,
       "1c 0001 61",
       {Place::kConnack, Place::kDisconnect}},
      {PropertyId::kReasonString,
       "1f 0001 61",
       {Place::kConnack, Place::kPuback, Place::kPubrec, Place::kPubrel,
        Place::kPubcomp, Place::kSuback, Place::kUnsuback, Place::kDisconnect,
        Place::kAuth}},
      {PropertyId::kReceiveMaximum, "21 0001", both},
      {PropertyId::kTopicAliasMaximum, "22 0000", both},
      {PropertyId::kTopicAlias, "23 0001", {Place::kPublish}},
      {PropertyId::kMaximumQos, "24 01", connack},
      {PropertyId::kRetainAvailable, "25 00", connack},
      {PropertyId::kUserProperty, "26 0001 61 0000", Everywhere()},
      {PropertyId::kMaximumPacketSize, "27 00000001", both},
      {PropertyId::kWildcardSubscriptionAvailable, "28 01", connack},
      {PropertyId::kSubscriptionIdentifierAvailable, "29 01", connack},
      {PropertyId::kSharedSubscriptionAvailable, "2a 01", connack},
  };
}

bool StandsIn(const Row& row, Place place) {
  for (const Place allowed : row.places) {
    if (allowed == place) return true;
  }
  return false;
}

TEST(PropertiesTest, StandInTheirPlacesOnly) {
  for (const Row& row : Table()) {
    for (int i = 0; i < kPlaces; ++i) {
      const Place place = static_cast<Place>(i);
      const absl::optional<ReasonCode> refusal = RefusalOf(row.digits, place);
      if (StandsIn(row, place)) {
        EXPECT_EQ(refusal, absl::nullopt) << row.digits << " in " << i;
      } else {
        EXPECT_EQ(refusal, ReasonCode::kMalformedPacket)
            << row.digits << " in " << i;
      }
    }
  }
}

TEST(PropertiesTest, StandOnce) {
  for (const Row& row : Table()) {
    const std::string twice = std::string(row.digits) + std::string(row.digits);
    for (const Place place : row.places) {
      const bool may = row.id == PropertyId::kUserProperty ||
                       (row.id == PropertyId::kSubscriptionIdentifier &&
                        place == Place::kPublish);
      const absl::optional<ReasonCode> refusal = RefusalOf(twice, place);
      if (may) {
        EXPECT_EQ(refusal, absl::nullopt) << twice;
      } else {
        EXPECT_EQ(refusal, ReasonCode::kProtocolError) << twice;
      }
    }
  }
}

TEST(PropertiesTest, AreRefusedWhenCutOffAnywhere) {
  for (const Row& row : Table()) {
    const std::string whole = Hex(row.digits);
    for (size_t size = 1; size < whole.size(); ++size) {
      const std::vector<uint8_t> part(whole.begin(), whole.begin() + size);
      const auto properties = ParseProperties(part, row.places[0]);
      ASSERT_FALSE(properties.ok()) << row.digits << " at " << size;
      EXPECT_EQ(ReasonCodeOf(properties.status()),
                ReasonCode::kMalformedPacket);
    }
  }
}

TEST(PropertiesTest, AuthenticationDataNeedsItsMethod) {
  for (const Place place : {Place::kConnect, Place::kConnack, Place::kAuth}) {
    EXPECT_EQ(RefusalOf("16 0001 ff", place), ReasonCode::kProtocolError);
    EXPECT_EQ(RefusalOf("16 0001 ff  15 0001 61", place), absl::nullopt);
    EXPECT_EQ(RefusalOf("15 0001 61  16 0000", place), absl::nullopt);
    EXPECT_EQ(RefusalOf("15 0001 61  16 0000  16 0000", place),
              ReasonCode::kProtocolError);
    EXPECT_EQ(RefusalOf("15 0001 61  16 0002 ff", place),
              ReasonCode::kMalformedPacket);
  }
  EXPECT_EQ(RefusalOf("16 0001 ff", Place::kPublish),
            ReasonCode::kMalformedPacket);
}

TEST(PropertiesTest, RefusesUnknownIdentifiers) {
  for (const auto digits : {"00", "04 00", "10 00", "2b 00", "7f 00", "80 01",
                            "81 00", "ff ff ff 7f"}) {
    EXPECT_EQ(RefusalOf(digits, Place::kConnack), ReasonCode::kMalformedPacket)
        << digits;
  }
}

TEST(PropertiesTest, RefusesValuesOutOfRange) {
  const struct {
    absl::string_view digits;
    Place place;
    ReasonCode reason;
  } cases[] = {
      {"01 02", Place::kPublish, ReasonCode::kProtocolError},
      {"01 02", Place::kWill, ReasonCode::kProtocolError},
      {"0b 00", Place::kPublish, ReasonCode::kProtocolError},
      {"0b 00", Place::kSubscribe, ReasonCode::kProtocolError},
      {"0b 8000", Place::kSubscribe, ReasonCode::kMalformedPacket},
      {"0b ffffffff 01", Place::kSubscribe, ReasonCode::kMalformedPacket},
      {"17 02", Place::kConnect, ReasonCode::kProtocolError},
      {"19 02", Place::kConnect, ReasonCode::kProtocolError},
      {"21 0000", Place::kConnect, ReasonCode::kProtocolError},
      {"21 0000", Place::kConnack, ReasonCode::kProtocolError},
      {"23 0000", Place::kPublish, ReasonCode::kTopicAliasInvalid},
      {"24 02", Place::kConnack, ReasonCode::kProtocolError},
      {"25 02", Place::kConnack, ReasonCode::kProtocolError},
      {"27 00000000", Place::kConnect, ReasonCode::kProtocolError},
      {"27 00000000", Place::kConnack, ReasonCode::kProtocolError},
      {"28 02", Place::kConnack, ReasonCode::kProtocolError},
      {"29 ff", Place::kConnack, ReasonCode::kProtocolError},
      {"2a 02", Place::kConnack, ReasonCode::kProtocolError},
      {"08 0000", Place::kPublish, ReasonCode::kProtocolError},
      {"08 0003 612f23", Place::kPublish, ReasonCode::kProtocolError},
      {"08 0001 2b", Place::kWill, ReasonCode::kProtocolError},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(RefusalOf(test.digits, test.place), test.reason) << test.digits;
  }
  EXPECT_EQ(RefusalOf("0b ffffff7f", Place::kSubscribe), absl::nullopt);
  EXPECT_EQ(RefusalOf("21 ffff 22 ffff 27 ffffffff", Place::kConnect),
            absl::nullopt);
}

TEST(PropertiesTest, RefusesIllFormedStrings) {
  for (const Row& row : Table()) {
    const std::string bytes = Hex(row.digits);
    if (!absl::EndsWith(row.digits, "0001 61")) continue;
    const std::string bad = bytes.substr(0, bytes.size() - 1);
    for (const absl::string_view last : {"\xff", "\xc3"}) {
      const std::string whole = bad + std::string(last);
      const auto properties = ParseProperties(AsBytes(whole), row.places[0]);
      ASSERT_FALSE(properties.ok()) << row.digits;
      EXPECT_EQ(ReasonCodeOf(properties.status()),
                ReasonCode::kMalformedPacket);
    }
  }
  EXPECT_EQ(RefusalOf("26 0001 ff 0001 61", Place::kAuth),
            ReasonCode::kMalformedPacket);
  EXPECT_EQ(RefusalOf("26 0001 61 0001 00", Place::kAuth),
            ReasonCode::kMalformedPacket);
}

TEST(PropertiesTest, BoundsTheirNumber) {
  std::string bytes;
  for (int i = 0; i < 64; ++i) bytes += Hex("26 0000 0000");
  EXPECT_TRUE(ParseProperties(AsBytes(bytes), Place::kConnect, 64).ok());
  // What is behind is not looked at.
  bytes += Hex("ff");
  const auto more = ParseProperties(AsBytes(bytes), Place::kConnect, 64);
  EXPECT_EQ(ReasonCodeOf(more.status()), ReasonCode::kQuotaExceeded);
}

TEST(PropertiesTest, AClientMaySendFewerBeforeItIsLetIn) {
  for (const Place place : {Place::kConnect, Place::kWill, Place::kAuth}) {
    EXPECT_EQ(MaxPropertiesFromClient(place), 64u);
  }
  for (const Place place : {Place::kPublish, Place::kSubscribe,
                            Place::kUnsubscribe, Place::kPubrel}) {
    EXPECT_EQ(MaxPropertiesFromClient(place), 1024u);
  }
}

TEST(PropertiesTest, Iterates) {
  const std::string bytes =
      Hex("26 0001 61 0002 6263"  // user property a: bc
          "15 0003 616365"        // authentication method "ace"
          "26 0001 64 0000");     // user property d: (empty)
  const auto properties = ParseProperties(AsBytes(bytes), Place::kAuth);
  ASSERT_TRUE(properties.ok()) << properties.status();
  std::vector<Property> all;
  std::string raw;
  for (const Property& property : *properties) {
    all.push_back(property);
    raw += std::string(AsString(property.raw));
  }
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, PropertyId::kUserProperty);
  EXPECT_EQ(AsString(all[0].data), "a");
  EXPECT_EQ(AsString(all[0].value), "bc");
  EXPECT_EQ(AsString(all[1].data), "ace");
  EXPECT_EQ(AsString(all[2].data), "d");
  EXPECT_TRUE(all[2].value.empty());
  EXPECT_EQ(raw, bytes);
  EXPECT_EQ(AsString(properties->bytes()), bytes);
  EXPECT_FALSE(properties->empty());
}

TEST(PropertiesTest, FindsTheFirst) {
  const std::string bytes =
      Hex("0b 8001"        // subscription identifier 128
          "0b 02"          // subscription identifier 2
          "02 01020304");  // message expiry interval
  const auto properties = ParseProperties(AsBytes(bytes), Place::kPublish);
  ASSERT_TRUE(properties.ok()) << properties.status();
  Property found;
  ASSERT_TRUE(properties->Find(PropertyId::kSubscriptionIdentifier, &found));
  EXPECT_EQ(found.number, 128u);
  ASSERT_TRUE(properties->Find(PropertyId::kMessageExpiryInterval, &found));
  EXPECT_EQ(found.number, 0x01020304u);
  EXPECT_FALSE(properties->Find(PropertyId::kTopicAlias, &found));
}

TEST(PropertiesTest, AreEmptyByDefault) {
  const Properties properties;
  EXPECT_TRUE(properties.empty());
  for (const Property& property : properties) {
    ADD_FAILURE() << static_cast<int>(property.id);
  }
  Property found;
  EXPECT_FALSE(properties.Find(PropertyId::kUserProperty, &found));
}

TEST(PropertiesTest, IterationOfUncheckedBytesEndsAtTheFirstBadOne) {
  const std::string bytes = Hex("24 01 26 0001 61 0009 00");
  int count = 0;
  for (const Property& property : Properties::Unchecked(AsBytes(bytes))) {
    EXPECT_EQ(property.id, PropertyId::kMaximumQos);
    ++count;
  }
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace sluice::mqtt
