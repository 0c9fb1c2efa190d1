#ifndef PROXY_MQTT_PROPERTIES_H_
#define PROXY_MQTT_PROPERTIES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/base/byte_reader.h"
#include "proxy/base/bytes.h"

namespace sluice::mqtt {

// MQTT 5.0 section 2.2.2.2.
enum class PropertyId : uint8_t {
  kPayloadFormatIndicator = 0x01,
  kMessageExpiryInterval = 0x02,
  kContentType = 0x03,
  kResponseTopic = 0x08,
  kCorrelationData = 0x09,
  kSubscriptionIdentifier = 0x0B,
  kSessionExpiryInterval = 0x11,
  kAssignedClientIdentifier = 0x12,
  kServerKeepAlive = 0x13,
  kAuthenticationMethod = 0x15,
  kAuthenticationData = 0x16,
  kRequestProblemInformation = 0x17,
  kWillDelayInterval = 0x18,
  kRequestResponseInformation = 0x19,
  kResponseInformation = 0x1A,
  kServerReference = 0x1C,
  kReasonString = 0x1F,
  kReceiveMaximum = 0x21,
  kTopicAliasMaximum = 0x22,
  kTopicAlias = 0x23,
  kMaximumQos = 0x24,
  kRetainAvailable = 0x25,
  kUserProperty = 0x26,
  kMaximumPacketSize = 0x27,
  kWildcardSubscriptionAvailable = 0x28,
  kSubscriptionIdentifierAvailable = 0x29,
  kSharedSubscriptionAvailable = 0x2A,
};

// One property. Views alias the packet. `raw` is identifier and value as they
// stand on the wire, so that a rewriter can copy what it keeps.
struct Property {
  PropertyId id{};
  uint32_t number = 0;  // byte, two byte, four byte and varint properties
  ByteView data;        // string, binary; User Property: its name
  ByteView value;       // User Property: its value
  ByteView raw;
};

// Where a set of properties stands; each place allows its own identifiers
// (MQTT 5.0 table 2-4).
enum class PropertyPlace : uint8_t {
  kConnect,
  kConnack,
  kPublish,
  kWill,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kDisconnect,
  kAuth,
  // A PUBLISH from a broker. It was a client's, to whom the broker might have
  // said that a value is wrong; whoever receives it is to judge for himself.
  kDelivery,
};

// How many properties a set may have, since User Property may be repeated at
// will and each has to be looked at. Before a client is let in it gets by with
// fewer. What a broker sends is not bounded.
inline constexpr size_t kMaxPropertiesBeforeConnack = 64;
inline constexpr size_t kMaxProperties = 1024;
inline constexpr size_t kAnyNumberOfProperties = SIZE_MAX;
// The bound of a place; none where only a broker sends it.
size_t MaxPropertiesFromClient(PropertyPlace place);

// A validated set of properties, without its length prefix. Aliases the packet;
// iterating decodes again, nothing is stored, nothing is allocated.
class Properties {
 public:
  Properties() = default;

  // Properties that need no check because the caller has built them, say from
  // what it kept of a validated set. Ill-formed bytes end the iteration early
  // and do no other harm.
  static Properties Unchecked(ByteView bytes) { return Properties(bytes); }

  class Iterator {
   public:
    const Property& operator*() const { return current_; }
    const Property* operator->() const { return &current_; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const {
      return rest_ != other.rest_;
    }

   private:
    friend class Properties;
    void Decode();
    const uint8_t* rest_ = nullptr;  // where current_ starts
    const uint8_t* end_ = nullptr;
    Property current_;
  };

  Iterator begin() const;
  Iterator end() const;
  bool empty() const { return bytes_.empty(); }
  // The properties as they stand on the wire, without the length prefix.
  ByteView bytes() const { return bytes_; }

  // The first property with `id`, in `out`; false when there is none.
  bool Find(PropertyId id, Property* out) const;
  // The number of the first property with `id`; `absent` where there is none.
  uint32_t NumberOr(PropertyId id, uint32_t absent) const;

 private:
  friend absl::StatusOr<Properties> ParseProperties(ByteView, PropertyPlace,
                                                    size_t);
  explicit Properties(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

// Reads one property off `reader`, by its wire format alone: nothing is known
// about place, range or UTF-8. False, and `reader` does not move, when the
// identifier is unknown or the value is cut off or ill-formed.
bool ReadProperty(ByteReader* reader, Property* out);

// Checks `bytes` (what the Property Length counts) for `place`: unknown or
// misplaced identifiers and truncated values are kMalformedPacket; a second
// occurrence of what may stand once and a value out of range are
// kProtocolError (MQTT 5.0 sections 2.2.2 and 4.13), but for a Topic Alias of
// 0, which is kTopicAliasInvalid. Strings are checked as UTF-8 (section 1.5.4),
// Response Topic as a topic name. Authentication Data without Authentication
// Method is kProtocolError in every place. More than `max_count` properties
// are kQuotaExceeded; those behind are not looked at.
absl::StatusOr<Properties> ParseProperties(
    ByteView bytes, PropertyPlace place,
    size_t max_count = kAnyNumberOfProperties);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_PROPERTIES_H_
