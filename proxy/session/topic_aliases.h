#ifndef PROXY_SESSION_TOPIC_ALIASES_H_
#define PROXY_SESSION_TOPIC_ALIASES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/publish.h"
#include "proxy/session/judged_topics.h"

namespace sluice::session {

// The topic aliases of one direction of a connection (MQTT 5.0 section
// 3.3.2.3.4), as their sender set them and as far as the receiver has heard of
// them: the two differ when the PUBLISH that set an alias was denied
// (ACE-PUB-3).
class TopicAliases {
 public:
  // The Topic Alias Maximum that a sender is told at most, whatever the
  // receiver says: what fits is then its business, and nothing that it may send
  // is too much. Topics have up to 65,535 bytes, so that these are 16 MiB, and
  // 640 KiB for a client without a token.
  static constexpr uint16_t kMost = 256;
  static constexpr uint16_t kMostWithoutToken = 10;

  // The Topic Alias Maximum that the sender is told; 0, the default, allows
  // none.
  void set_maximum(uint16_t maximum) { maximum_ = maximum; }
  uint16_t maximum() const { return maximum_; }
  // What all topics take that are kept.
  size_t bytes() const { return bytes_; }

  // What a PUBLISH is about.
  struct Resolved {
    absl::string_view topic;  // valid until the next Resolve()
    // The topic's, as long as that is valid; null without an alias.
    KeptVerdict* verdict = nullptr;
    // The packet may go on as it is: no alias, a topic with it, or an alias
    // that the receiver knows by this topic.
    bool receiver_knows = true;
  };

  // Learns a new alias and resolves a known one. An alias that is over the
  // maximum is kTopicAliasInvalid, one that was never set kProtocolError.
  absl::StatusOr<Resolved> Resolve(const mqtt::Publish& publish);

  // The receiver gets a PUBLISH with `alias` and its topic.
  void MarkKnown(uint16_t alias);
  // The receiver does not get the PUBLISH that set `alias`.
  void MarkUnknown(uint16_t alias);

 private:
  struct Entry {
    std::string topic;
    KeptVerdict verdict;
    bool receiver_knows = false;
  };
  absl::flat_hash_map<uint16_t, Entry> entries_;
  size_t bytes_ = 0;
  uint16_t maximum_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_TOPIC_ALIASES_H_
