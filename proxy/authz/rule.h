#ifndef PROXY_AUTHZ_RULE_H_
#define PROXY_AUTHZ_RULE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
// never gives. What rules of equal messages were compiled to is shared, by all
// threads; a copy costs a pointer.
class Rule {
 public:
  // `message`: a serialized policy::v1::Rule. Fails on a rule that would not be
  // held in full: one that cannot be read, without a name, about neither
  // publishing nor subscribing, with an invalid or shared topic filter, without
  // an effect or a limit, with a QoS that there is not, and with a field that
  // is newer than this program.
  static absl::StatusOr<Rule> Compile(const std::string& message);

  const std::string& name() const { return data_->name; }
  // Judged, counted and recorded only.
  bool shadow() const { return data_->shadow; }
  bool denies() const { return data_->denies; }
  // Who is to be asked; empty: nobody.
  const std::string& checker() const { return data_->checker; }

  // Whether it is about a PUBLISH to the topic name `topic`.
  bool IsAboutPublish(absl::string_view topic) const {
    return publish() && HasTopicsOf(topic) && !Excepts(topic);
  }
  // Whether it is about a subscription to `filter` (valid, not shared): some
  // topic may come by it that the rule is about.
  bool IsAboutSubscription(absl::string_view filter) const {
    return subscribe() && HasTopicsOf(filter) && !ExceptsAllOf(filter);
  }

  // What that is made of.
  bool publish() const { return data_->publish; }
  bool subscribe() const { return data_->subscribe; }
  bool has_all_topics() const { return data_->topics.empty(); }
  // As in the message, which is read for it.
  std::vector<std::string> TopicFilters() const;
  bool HasTopicsOf(absl::string_view filter) const;
  bool Excepts(absl::string_view topic) const {
    return data_->exceptions.Matches(topic);
  }
  bool ExceptsAllOf(absl::string_view filter) const {
    return data_->exceptions.Covers(filter);
  }

  // What stands against a PUBLISH that the rule is about: kNone to
  // kPayloadSize, but for kWill.
  Objection JudgePublish(const MessageFacts& facts) const;
  // The same of a Will.
  Objection JudgeWill(const MessageFacts& facts) const;

  // Limits of what a connection does over time; see RuleUsage.
  absl::optional<uint32_t> max_publishes_per_second() const {
    return data_->max_publishes_per_second;
  }
  absl::optional<uint32_t> max_subscriptions() const {
    return data_->max_subscriptions;
  }
  // A subscription that the rule is about is made with no more.
  uint8_t max_qos() const { return data_->max_qos; }

  // Whether two are of equal messages.
  friend bool operator==(const Rule& a, const Rule& b) {
    return a.data_ == b.data_;
  }
  template <typename H>
  friend H AbslHashValue(H h, const Rule& rule) {
    return H::combine(std::move(h), rule.data_.get());
  }

 private:
  struct Data {
    std::string message;
    std::string name;
    bool shadow = false;
    bool publish = false;
    bool subscribe = false;
    bool denies = false;
    std::string checker;
    bool no_retain = false;
    bool no_will = false;
    uint8_t max_qos = 2;
    absl::optional<uint64_t> max_payload_bytes;
    absl::optional<uint32_t> max_publishes_per_second;
    absl::optional<uint32_t> max_subscriptions;
    FilterIndex topics;  // with one owner; none: all topics
    FilterSet exceptions;
  };

  explicit Rule(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

  static absl::Status Fill(const policy::v1::Rule& message, Data* data);
  static absl::Status AddLimits(const policy::v1::Limits& limits, Data* data);

  std::shared_ptr<const Data> data_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_RULE_H_
