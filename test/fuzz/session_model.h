#ifndef TEST_FUZZ_SESSION_MODEL_H_
#define TEST_FUZZ_SESSION_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/session/settings.h"
#include "test/proxy/session/packet_stream.h"

namespace sluice::session {

inline void Require(bool condition) {
  if (!condition) std::abort();
}

// What the fuzzed session keeps of a packet.
inline constexpr size_t kMaxHeldPublish = 24;
inline constexpr size_t kMaxHeldBytes = 1024;

// The two grants that the fuzzer gives, and what they allow, judged level by
// level and without the code that is fuzzed.
//   wide:   pubsub a/#, pubsub b, for an hour
//   narrow: pubsub a/#, for five minutes
// Rules of both: a/s/# is denied; a/l/# has limits; a/c/# is up to a checker,
// and in shadow a/x and a/y; b has a rate.
struct GrantModel {
  static constexpr uint8_t kMaxQos = 1;
  static constexpr size_t kMaxPayload = 4;
  static constexpr int kPublishesPerSecond = 3;
  static constexpr size_t kMaxSubscriptions = 3;
  static constexpr char kSubject[] = "s";
  static constexpr char kKeyId[] = "k";

  policy::v1::Grant ToProto() const;

  bool Covers(absl::string_view topic_or_filter) const;
  // Whether it may take the place of `former`: it is for the same client, and
  // unless the client has proven the key anew, for that.
  bool MayFollow(const GrantModel& former) const {
    return is_public == former.is_public &&
           (!is_recheck || key_id == former.key_id);
  }

  bool wide = true;
  // For whoever has no token.
  bool is_public = false;
  absl::Time expires_at;  // for good: only where it is public
  // When it is to be asked about again; zero: never.
  absl::Duration recheck_after;
  std::string client_nonce;
  std::string token_id;  // unlike any other's
  std::string key_id;
  bool token_may_last_longer = false;
  bool has_policy_version = true;
  // Of the question that it answers: which token came with it, 0 with none, and
  // whether it was about a grant.
  size_t token = 0;
  bool is_recheck = false;
};

// What checkers have been asked and have said.
class CheckModel {
 public:
  enum class About { kPublish, kSubscribe, kDeliver };
  using Question = std::pair<About, std::string>;

  // `of_broker`: for a packet of the broker's. The request is then as for a
  // subscription.
  void Ask(uint64_t id, const policy::v1::CheckRequest& request,
           bool of_broker);
  // `until` is when the answer, if it was yes, counts no more.
  void Answer(uint64_t id, bool allowed, absl::Time until);
  // The clock was set: a yes counts for as long as before.
  void OnClockSet(absl::Duration by);
  // There is another grant: what was said and asked for the last one does not
  // count.
  void Renew();
  // That a packet may pass which needs a yes to `question`, as the one that
  // waited for it or in its time.
  void RequireYes(const Question& question, absl::Time now);
  // The same of a message to `topic` that is delivered: what passed by a
  // subscription that a yes let pass needs no other.
  void RequireYesToDelivery(const std::string& topic, absl::Time now);

  // Oldest first.
  const std::map<uint64_t, Question>& open() const { return open_; }
  // One that Renew() made obsolete, or that nobody has asked.
  uint64_t former() const { return former_; }

 private:
  struct Yes {
    absl::Time until;
    bool used;
  };
  std::map<uint64_t, Question> open_;
  uint64_t former_ = ~uint64_t{0};
  std::map<Question, Yes> yes_;
  std::set<std::string> subscribed_;  // filters that a yes let pass
};

// Requests and their answers: none is answered twice, by the session itself or
// by the session and the broker.
class AnswerModel {
 public:
  void FromClient(const mqtt::Frame& frame, mqtt::ProtocolVersion version);
  void ToBroker(const mqtt::Frame& frame, mqtt::ProtocolVersion version);
  void FromBroker(const mqtt::Frame& frame);
  void ToClient(const mqtt::Frame& frame);

 private:
  // The type of the answer, and the packet identifier, 0 where there is none.
  using Key = std::pair<mqtt::PacketType, uint16_t>;

  std::map<Key, int> owed_;
  int connacks_ = 0;
};

// One direction's packets.
class Outlet {
 public:
  // `settings` say what topics and filters may not reach the broker, and which
  // User Name does.
  Outlet(bool to_broker, const Settings* settings, CheckModel* checks,
         AnswerModel* answers)
      : to_broker_(to_broker),
        settings_(*settings),
        checks_(checks),
        answers_(answers) {}

  // `start`: when the session began, by the clock as it is set now.
  void Take(ByteView bytes, mqtt::ProtocolVersion version,
            const GrantModel& grant, absl::Time start, absl::Time now);

  bool is_used() const { return packets_ > 0; }

 private:
  void Check(const mqtt::Frame& frame, mqtt::ProtocolVersion version);
  void CheckPublish(const mqtt::Frame& frame, mqtt::ProtocolVersion version);
  void CheckSubscribe(const mqtt::Frame& frame, mqtt::ProtocolVersion version);
  void CheckConnect(const mqtt::Frame& frame);
  void CheckWill(const mqtt::Connect& connect);
  void CheckScope(absl::string_view topic_or_filter) const;
  void CheckLimits(const mqtt::Publish& publish, absl::string_view topic);

  const bool to_broker_;
  const Settings& settings_;
  PacketStream stream_{kMaxHeldPublish};
  CheckModel* const checks_;
  AnswerModel* const answers_;
  GrantModel grant_;
  absl::Time start_, now_;
  int rated_ = 0;  // messages to `b`
  std::set<std::string> subscriptions_;
  size_t packets_ = 0;
  std::map<uint16_t, std::string> aliases_;
};

}  // namespace sluice::session

#endif  // TEST_FUZZ_SESSION_MODEL_H_
