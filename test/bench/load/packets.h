#ifndef TEST_BENCH_LOAD_PACKETS_H_
#define TEST_BENCH_LOAD_PACKETS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::load {

// The Authentication Method of RFC 9431.
inline constexpr absl::string_view kAceMethod = "ace";

// What a CONNECT says about who connects; all may be absent.
struct Credentials {
  absl::optional<std::string> authentication_data;  // MQTT 5, method `ace`
  absl::optional<std::string> username;
  absl::optional<std::string> password;
};

// Each makes one whole packet. CONNECT asks for a clean start and has no Will.
std::string ConnectPacket(mqtt::ProtocolVersion version,
                          absl::string_view client_id, uint16_t keep_alive,
                          const Credentials& credentials);
// AUTH with Continue authentication (0x18) and method `ace`.
std::string AuthPacket(absl::string_view data);
std::string SubscribePacket(mqtt::ProtocolVersion version,
                            absl::string_view filter, int qos);
std::string PingPacket();
std::string DisconnectPacket(mqtt::ProtocolVersion version);
void AppendPubackPacket(mqtt::ProtocolVersion version, uint16_t packet_id,
                        std::string* out);

// The start of each payload: which message of which publisher it is.
struct Stamp {
  static constexpr size_t kSize = 24;  // with a mark that tells it is ours

  int64_t sent = 0;  // NowNanos() when it was sent, or due
  uint64_t sequence = 0;
  uint32_t publisher = 0;
};

// nullopt for the payload of somebody else.
absl::optional<Stamp> ReadStamp(ByteView payload);

// A PUBLISH that is built once and then only filled in.
class PublishTemplate {
 public:
  // `payload_size` is at least Stamp::kSize.
  PublishTemplate(mqtt::ProtocolVersion version, absl::string_view topic,
                  int qos, size_t payload_size);

  // The whole packet, good until the next call. `packet_id` counts at QoS 1.
  absl::string_view Fill(const Stamp& stamp, uint16_t packet_id);

 private:
  std::string packet_;
  size_t packet_id_at_ = 0;  // 0: QoS 0
  size_t stamp_at_ = 0;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_PACKETS_H_
