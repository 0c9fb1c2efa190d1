#ifndef PROXY_AUTHZ_RULE_H_
#define PROXY_AUTHZ_RULE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/filter_index.h"
#include "proxy/authz/filter_set.h"

namespace sluice::authz {

// What a PUBLISH or a Will is, but for its topic.
struct MessageFacts {
  uint8_t qos = 0;
  bool retain = false;
  size_t payload_size = 0;
};

// What in a rule stands against something.
enum class Objection : uint8_t {
  kNone,
  kDeny,
  kQos,
  kRetain,
  kWill,
  kPayloadSize,
  kRate,
  kSubscriptions,
};

// A rule of the operators, compiled for judging packets. It takes away, and
// never gives.
class Rule {
 public:
  // Fails on a rule that would not be held in full: without a name, about
  // neither publishing nor subscribing, with an invalid or shared topic filter,
  // without an effect or a limit, with a QoS that there is not, and with a
  // field that is newer than this program.
  static absl::StatusOr<Rule> Compile(const policy::v1::Rule& message);

  Rule(Rule&&) = default;
  Rule& operator=(Rule&&) = default;

  const std::string& name() const { return name_; }
  // Judged, counted and recorded only.
  bool shadow() const { return shadow_; }
  bool denies() const { return denies_; }
  // Who is to be asked; empty: nobody.
  const std::string& checker() const { return checker_; }

  // Whether it is about a PUBLISH to, or a delivery of, the topic name `topic`.
  bool IsAboutPublish(absl::string_view topic) const {
    return publish_ && IsAboutTopic(topic);
  }
  bool IsAboutDelivery(absl::string_view topic) const {
    return subscribe_ && IsAboutTopic(topic);
  }
  // Whether it is about a subscription to `filter` (valid, not shared): some
  // topic may come by it that the rule is about.
  bool IsAboutSubscription(absl::string_view filter) const;

  // What stands against a PUBLISH that the rule is about: kNone to
  // kPayloadSize, but for kWill.
  Objection JudgePublish(const MessageFacts& facts) const;
  // The same of a Will.
  Objection JudgeWill(const MessageFacts& facts) const;

  // Limits of what a connection does over time; see RuleUsage.
  absl::optional<uint32_t> max_publishes_per_second() const {
    return max_publishes_per_second_;
  }
  absl::optional<uint32_t> max_subscriptions() const {
    return max_subscriptions_;
  }
  // A subscription that the rule is about is made with no more.
  uint8_t max_qos() const { return max_qos_; }

 private:
  Rule() = default;

  absl::Status AddLimits(const policy::v1::Limits& limits);
  bool IsAboutTopic(absl::string_view topic) const {
    return HasTopicsOf(topic) && !exceptions_.Matches(topic);
  }
  // Whether some of its topics are those of a filter, exceptions or not.
  bool HasTopicsOf(absl::string_view filter) const;

  std::string name_;
  bool shadow_ = false;
  bool publish_ = false;
  bool subscribe_ = false;
  bool denies_ = false;
  std::string checker_;
  bool no_retain_ = false;
  bool no_will_ = false;
  uint8_t max_qos_ = 2;
  absl::optional<uint64_t> max_payload_bytes_;
  absl::optional<uint32_t> max_publishes_per_second_;
  absl::optional<uint32_t> max_subscriptions_;
  FilterIndex topics_;  // with one owner; none: all topics
  FilterSet exceptions_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_RULE_H_
