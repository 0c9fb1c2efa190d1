#ifndef PROXY_SESSION_SETTINGS_H_
#define PROXY_SESSION_SETTINGS_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "proxy/base/secret_string.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::session {

// What all sessions of a listener share; outlives them and does not change.
struct Settings {
  std::string listener;
  bool allow_v311 = true;
  bool allow_v5 = true;
  // Bytes that a client's packets may have, fixed header included. The second
  // bound holds for a client that has not been granted a token's scope.
  size_t max_packet_size = mqtt::kMaxPacketSize;
  size_t max_unauthenticated_packet_size = 256 * 1024;
  // A larger PUBLISH goes on as it comes, and does not wait until it is whole.
  size_t max_held_publish = 64 * 1024;
  // All else of a client is kept until it is whole, and so is what stands
  // before a PUBLISH's payload: no more than that. Of the broker twice as much,
  // as it adds to what it delivers.
  size_t max_held_bytes = 1024 * 1024;
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration authentication_timeout = absl::Seconds(10);
  // For the broker's CONNACK.
  absl::Duration broker_timeout = absl::Seconds(5);
  absl::Duration reauthentication_grace = absl::ZeroDuration();
  bool hide_topics = false;
  bool v5_username_token = false;
  // The first subject that uses a Client Identifier keeps it (EDGE-20).
  bool bind_client_id = false;
  // The JSON object of User Property `ace_as_hint`, with a member or more and
  // without `cnonce`; empty: no hint.
  std::string as_hint;
  // Takes tokens without a client-nonce too where Context has client_nonces.
  bool cnonce_optional = false;
  // Name of the topic that takes tokens; empty: off.
  std::string authz_info_topic = "authz-info";
  // Topics and filters with one of these characters are outside every scope:
  // the broker would read something else in them.
  std::string refused_topic_characters;
  // Put into the forwarded CONNECT; "${subject}", "${client_id}" and
  // "${issuer}" are filled in. Empty: the field is left out.
  std::string upstream_username;
  SecretString upstream_password;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_SETTINGS_H_
