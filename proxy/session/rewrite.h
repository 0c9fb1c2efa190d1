#ifndef PROXY_SESSION_REWRITE_H_
#define PROXY_SESSION_REWRITE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/connack.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/suback.h"
#include "proxy/mqtt/subscribe.h"

// The five packets that Sluice changes on their way; everything else goes
// through byte for byte. Each function returns the whole new packet.
namespace sluice::session {

// What of a client's CONNECT goes on to the broker: an ordinary CONNECT without
// the client's credentials (ACE-CON-6).
struct ForwardedConnect {
  mqtt::ProtocolVersion version = mqtt::ProtocolVersion::kV5;
  uint8_t will_and_clean_flags = 0;  // the flags but for user name, password
  uint16_t keep_alive = 0;
  std::string properties;          // without Authentication Method and Data
  std::string client_id_and_will;  // as on the wire
  // Where the number of Topic Alias Maximum is in `properties`; 0: nowhere.
  size_t topic_alias_maximum_at = 0;
};
ForwardedConnect StripCredentials(const mqtt::Connect& connect);

// Lets the broker use no more topic aliases than `most` (EDGE-7).
void LimitTopicAliases(uint16_t most, ForwardedConnect* connect);

// `text` with each "${subject}", "${client_id}" and "${issuer}" replaced. What
// is filled in is not looked at again.
std::string FillTemplate(absl::string_view text, absl::string_view subject,
                         absl::string_view client_id, absl::string_view issuer);

// The CONNECT with the upstream's credentials; empty ones are left out. A
// 3.1.1 packet has no password without a user name, so an empty user name then
// stands beside the password (MQTT 3.1.1 section 3.1.2.9).
std::string WriteConnect(const ForwardedConnect& connect,
                         absl::string_view username,
                         absl::string_view password);

// A successful CONNACK.
struct ConnackChanges {
  bool add_authentication_method = false;  // ACE-POP-8
  // Stands in the place of the broker's (EDGE-7).
  absl::optional<uint16_t> topic_alias_maximum;
  // The same (MQTT 5.0 section 3.2.2.3.6).
  absl::optional<uint32_t> max_packet_size;

  bool any() const {
    return add_authentication_method || topic_alias_maximum.has_value() ||
           max_packet_size.has_value();
  }
};
std::string RewriteConnack(const mqtt::Connack& connack,
                           const ConnackChanges& changes);

// A PUBLISH of the same flags and payload; without what is to come of that.
struct PublishChanges {
  // Stands in the packet in the place of an empty one, beside its alias
  // (ACE-PUB-3).
  absl::optional<absl::string_view> topic;
  // Upper bound of the Message Expiry Interval, in seconds (ACE-PUB-4).
  absl::optional<uint32_t> max_expiry;
};
std::string RewritePublish(const mqtt::Publish& publish, uint8_t flags,
                           const PublishChanges& changes);

// The SUBSCRIBE with only those entries for which `codes` (one a filter) says
// PendingSubscribes::kForwarded, and with the options that stand in them.
std::string KeepForwarded(const mqtt::Subscribe& subscribe,
                          mqtt::ProtocolVersion version,
                          absl::string_view codes);

// The SUBACK with `codes` in the place of the broker's, and with
// `more_properties` beside the broker's.
std::string ReplaceCodes(const mqtt::Suback& suback,
                         mqtt::ProtocolVersion version, absl::string_view codes,
                         absl::string_view more_properties = "");

}  // namespace sluice::session

#endif  // PROXY_SESSION_REWRITE_H_
