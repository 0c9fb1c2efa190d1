#include "proxy/mqtt/properties.h"

#include <array>
#include <cstddef>

#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/utf8.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {
namespace {

// MQTT 5.0 table 2-4, column "Type".
enum class Format : uint8_t {
  kUnknown,
  kByte,
  kTwoBytes,
  kFourBytes,
  kVarint,
  kString,
  kBinary,
  kStringPair,
};

constexpr uint16_t In(PropertyPlace place) {
  return static_cast<uint16_t>(1 << static_cast<int>(place));
}

constexpr uint16_t kInConnect = In(PropertyPlace::kConnect);
constexpr uint16_t kInConnack = In(PropertyPlace::kConnack);
constexpr uint16_t kInPublish = In(PropertyPlace::kPublish);
constexpr uint16_t kInWill = In(PropertyPlace::kWill);
constexpr uint16_t kInSubscribe = In(PropertyPlace::kSubscribe);
constexpr uint16_t kInDisconnect = In(PropertyPlace::kDisconnect);
constexpr uint16_t kInAuth = In(PropertyPlace::kAuth);
constexpr uint16_t kInDelivery = In(PropertyPlace::kDelivery);
constexpr uint16_t kEverywhere = (1 << 15) - 1;
// Reason String is in all acknowledgements, DISCONNECT and AUTH.
constexpr uint16_t kInAnswers =
    kEverywhere & ~(kInConnect | kInPublish | kInWill | kInSubscribe |
                    kInDelivery | In(PropertyPlace::kUnsubscribe));

struct PropertyInfo {
  Format format = Format::kUnknown;
  uint16_t places = 0;  // bits of In()
  uint32_t minimum = 0;
  uint32_t maximum = 0xffffffff;
};

constexpr size_t kPropertyIds = 0x2b;

// MQTT 5.0 table 2-4, by identifier; the ranges are from the packets' sections.
constexpr std::array<PropertyInfo, kPropertyIds> MakeTable() {
  std::array<PropertyInfo, kPropertyIds> table{};
  auto set = [&table](PropertyId id, Format format, int places,
                      uint32_t minimum = 0, uint32_t maximum = 0xffffffff) {
    table[static_cast<size_t>(id)] = {format, static_cast<uint16_t>(places),
                                      minimum, maximum};
  };
  using Id = PropertyId;
  const int publish = kInPublish | kInDelivery;
  const int message = publish | kInWill;
  const int limits = kInConnect | kInConnack;
  const int authentication = kInConnect | kInConnack | kInAuth;
  set(Id::kPayloadFormatIndicator, Format::kByte, message, 0, 1);
  set(Id::kMessageExpiryInterval, Format::kFourBytes, message);
  set(Id::kContentType, Format::kString, message);
  set(Id::kResponseTopic, Format::kString, message);
  set(Id::kCorrelationData, Format::kBinary, message);
  set(Id::kSubscriptionIdentifier, Format::kVarint, publish | kInSubscribe, 1,
      kMaxVarint);
  set(Id::kSessionExpiryInterval, Format::kFourBytes,
      kInConnect | kInConnack | kInDisconnect);
  set(Id::kAssignedClientIdentifier, Format::kString, kInConnack);
  set(Id::kServerKeepAlive, Format::kTwoBytes, kInConnack);
  set(Id::kAuthenticationMethod, Format::kString, authentication);
  set(Id::kAuthenticationData, Format::kBinary, authentication);
  set(Id::kRequestProblemInformation, Format::kByte, kInConnect, 0, 1);
  set(Id::kWillDelayInterval, Format::kFourBytes, kInWill);
  set(Id::kRequestResponseInformation, Format::kByte, kInConnect, 0, 1);
  set(Id::kResponseInformation, Format::kString, kInConnack);
  set(Id::kServerReference, Format::kString, kInConnack | kInDisconnect);
  set(Id::kReasonString, Format::kString, kInAnswers);
  set(Id::kReceiveMaximum, Format::kTwoBytes, limits, 1);
  set(Id::kTopicAliasMaximum, Format::kTwoBytes, limits);
  set(Id::kTopicAlias, Format::kTwoBytes, publish);  // 0: see CheckValue()
  set(Id::kMaximumQos, Format::kByte, kInConnack, 0, 1);
  set(Id::kRetainAvailable, Format::kByte, kInConnack, 0, 1);
  set(Id::kUserProperty, Format::kStringPair, kEverywhere);
  set(Id::kMaximumPacketSize, Format::kFourBytes, limits, 1);
  set(Id::kWildcardSubscriptionAvailable, Format::kByte, kInConnack, 0, 1);
  set(Id::kSubscriptionIdentifierAvailable, Format::kByte, kInConnack, 0, 1);
  set(Id::kSharedSubscriptionAvailable, Format::kByte, kInConnack, 0, 1);
  return table;
}

constexpr std::array<PropertyInfo, kPropertyIds> kTable = MakeTable();

// Each fits into one bit of a uint64_t.
static_assert(kPropertyIds <= 64);

const PropertyInfo& InfoOf(PropertyId id) {
  return kTable[static_cast<size_t>(id)];
}

bool ReadValue(Format format, ByteReader* reader, Property* out) {
  uint8_t byte;
  uint16_t two_bytes;
  switch (format) {
    case Format::kUnknown:
      return false;
    case Format::kByte:
      if (!reader->ReadU8(&byte)) return false;
      out->number = byte;
      return true;
    case Format::kTwoBytes:
      if (!reader->ReadU16(&two_bytes)) return false;
      out->number = two_bytes;
      return true;
    case Format::kFourBytes:
      return reader->ReadU32(&out->number);
    case Format::kVarint:
      return ReadVarint(reader, &out->number) == VarintResult::kOk;
    case Format::kString:
    case Format::kBinary:
      return reader->ReadU16Prefixed(&out->data);
    case Format::kStringPair:
      return reader->ReadU16Prefixed(&out->data) &&
             reader->ReadU16Prefixed(&out->value);
  }
  return false;
}

bool MayRepeat(PropertyId id, PropertyPlace place) {
  return id == PropertyId::kUserProperty ||
         (id == PropertyId::kSubscriptionIdentifier &&
          (place == PropertyPlace::kPublish ||
           place == PropertyPlace::kDelivery));
}

// Range and UTF-8 of one property.
absl::Status CheckValue(const Property& property, PropertyPlace place) {
  const bool delivery = place == PropertyPlace::kDelivery;
  const PropertyInfo& info = InfoOf(property.id);
  switch (info.format) {
    case Format::kUnknown:
    case Format::kBinary:
      return absl::OkStatus();
    case Format::kByte:
    case Format::kTwoBytes:
    case Format::kFourBytes:
    case Format::kVarint:
      if (property.id == PropertyId::kTopicAlias && property.number == 0) {
        return MqttError(ReasonCode::kTopicAliasInvalid, "topic alias is 0");
      }
      if ((property.number < info.minimum || property.number > info.maximum) &&
          !delivery) {
        return ProtocolError("property value is out of range");
      }
      return absl::OkStatus();
    case Format::kStringPair:
      if (!IsValidUtf8(AsString(property.value))) {
        return MalformedPacket("property is not UTF-8");
      }
      [[fallthrough]];
    case Format::kString:
      break;
  }
  const Utf8Scan scan = ScanUtf8(AsString(property.data));
  if (!scan.valid) return MalformedPacket("property is not UTF-8");
  if (property.id == PropertyId::kResponseTopic && !delivery &&
      (property.data.empty() || scan.has_wildcard)) {
    return ProtocolError("response topic is not a topic name");
  }
  return absl::OkStatus();
}

constexpr uint64_t BitOf(PropertyId id) {
  return uint64_t{1} << static_cast<int>(id);
}

}  // namespace

bool ReadProperty(ByteReader* reader, Property* out) {
  ByteReader ahead = *reader;
  // The identifier is a Variable Byte Integer; all known ones take one byte.
  uint8_t id;
  if (!ahead.ReadU8(&id) || id >= kPropertyIds) return false;
  Property property;
  property.id = static_cast<PropertyId>(id);
  if (!ReadValue(kTable[id].format, &ahead, &property)) return false;
  property.raw = ByteView(reader->position(), reader->size() - ahead.size());
  *out = property;
  *reader = ahead;
  return true;
}

void Properties::Iterator::Decode() {
  ByteReader reader(ByteView(rest_, static_cast<size_t>(end_ - rest_)));
  if (!ReadProperty(&reader, &current_)) rest_ = end_;
}

Properties::Iterator& Properties::Iterator::operator++() {
  rest_ += current_.raw.size();
  Decode();
  return *this;
}

Properties::Iterator Properties::begin() const {
  Iterator it = end();
  it.rest_ = bytes_.data();
  it.Decode();
  return it;
}

Properties::Iterator Properties::end() const {
  Iterator it;
  it.end_ = bytes_.data() + bytes_.size();
  it.rest_ = it.end_;
  return it;
}

bool Properties::Find(PropertyId id, Property* out) const {
  for (const Property& property : *this) {
    if (property.id != id) continue;
    *out = property;
    return true;
  }
  return false;
}

uint32_t Properties::NumberOr(PropertyId id, uint32_t absent) const {
  Property property;
  return Find(id, &property) ? property.number : absent;
}

size_t MaxPropertiesFromClient(PropertyPlace place) {
  switch (place) {
    case PropertyPlace::kConnect:
    case PropertyPlace::kWill:
    case PropertyPlace::kAuth:
      return kMaxPropertiesBeforeConnack;
    case PropertyPlace::kConnack:
    case PropertyPlace::kSuback:
    case PropertyPlace::kUnsuback:
    case PropertyPlace::kDelivery:
      return kAnyNumberOfProperties;
    default:
      return kMaxProperties;
  }
}

absl::StatusOr<Properties> ParseProperties(ByteView bytes, PropertyPlace place,
                                           size_t max_count) {
  uint64_t seen = 0;
  ByteReader reader(bytes);
  for (size_t count = 0; !reader.empty(); ++count) {
    if (count == max_count) {
      return MqttError(ReasonCode::kQuotaExceeded, "too many properties");
    }
    Property property;
    if (!ReadProperty(&reader, &property)) {
      return MalformedPacket("property is unknown or cut off");
    }
    if ((InfoOf(property.id).places & In(place)) == 0) {
      return MalformedPacket("property is not allowed here");
    }
    const uint64_t bit = BitOf(property.id);
    if ((seen & bit) != 0 && !MayRepeat(property.id, place)) {
      return ProtocolError("property is repeated");
    }
    seen |= bit;
    if (absl::Status status = CheckValue(property, place); !status.ok()) {
      return status;
    }
  }
  if ((seen & BitOf(PropertyId::kAuthenticationData)) != 0 &&
      (seen & BitOf(PropertyId::kAuthenticationMethod)) == 0) {
    return ProtocolError("authentication data without method");
  }
  return Properties(bytes);
}

}  // namespace sluice::mqtt
