#include "test/fuzz/session_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/unsubscribe.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::Frame;
using mqtt::PacketType;
using mqtt::ProtocolVersion;

constexpr char kRated[] = "b";

using Levels = std::vector<std::string>;

Levels LevelsOf(absl::string_view text) { return absl::StrSplit(text, '/'); }

// Whether `text`, a topic or a filter below `a`, touches `a/SECOND/#`.
bool Touches(absl::string_view text, absl::string_view second) {
  const Levels levels = LevelsOf(text);
  return levels.size() >= 2 && levels[0] == "a" &&
         (levels[1] == second || levels[1] == "+" || levels[1] == "#");
}

bool Matches(absl::string_view filter, absl::string_view topic) {
  const Levels wanted = LevelsOf(filter);
  const Levels levels = LevelsOf(topic);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") return true;
    if (i == levels.size()) return false;
    if (wanted[i] != "+" && wanted[i] != levels[i]) return false;
  }
  return wanted.size() == levels.size();
}

// A filter without `$share/NAME/`.
absl::string_view Unshared(absl::string_view filter) {
  if (!absl::ConsumePrefix(&filter, "$share/")) return filter;
  const size_t slash = filter.find('/');
  Require(slash != absl::string_view::npos);
  return filter.substr(slash + 1);
}

uint16_t LeadingNumber(const Frame& frame) {
  if (frame.body.size() < 2) return 0;
  return static_cast<uint16_t>(frame.body[0] << 8 | frame.body[1]);
}

policy::v1::Grant WithRules(std::initializer_list<absl::string_view> scope) {
  policy::v1::Grant grant = MakeGrant(absl::UnixEpoch(), scope);
  grant.set_subject(GrantModel::kSubject);
  grant.set_policy_version("1");
  const auto rule = [](const char* name,
                       std::initializer_list<const char*> filters) {
    policy::v1::Rule rule;
    rule.set_name(name);
    rule.set_publish(true);
    rule.set_subscribe(true);
    for (const char* filter : filters) rule.add_topic_filters(filter);
    return rule;
  };
  policy::v1::Rule secret = rule("secret", {"a/s/#"});
  secret.mutable_deny();
  policy::v1::Rule limited = rule("limited", {"a/l/#"});
  limited.mutable_limits()->set_max_qos(GrantModel::kMaxQos);
  limited.mutable_limits()->set_no_retain(true);
  limited.mutable_limits()->set_no_will(true);
  limited.mutable_limits()->set_max_payload_bytes(GrantModel::kMaxPayload);
  policy::v1::Rule rated = rule("rated", {kRated});
  rated.mutable_limits()->set_max_publishes_per_second(
      GrantModel::kPublishesPerSecond);
  policy::v1::Rule subscriptions = rule("subscriptions", {});
  subscriptions.mutable_limits()->set_max_subscriptions(
      GrantModel::kMaxSubscriptions);
  policy::v1::Rule checked = rule("checked", {"a/c/#"});
  checked.mutable_external_check()->set_checker("c");
  policy::v1::Rule shadow = rule("shadow", {"a/x"});
  shadow.set_shadow(true);
  shadow.mutable_deny();
  policy::v1::Rule shadow_check = rule("shadow-check", {"a/x", "a/y"});
  shadow_check.set_shadow(true);
  shadow_check.mutable_external_check()->set_checker("c");
  for (const policy::v1::Rule* each :
       {&secret, &limited, &rated, &subscriptions, &checked, &shadow,
        &shadow_check}) {
    grant.add_rules(each->SerializeAsString());
  }
  return grant;
}

}  // namespace

policy::v1::Grant GrantModel::ToProto() const {
  // Made once: most of an input's time went there.
  static const auto* const kWide =
      new policy::v1::Grant(WithRules({"pubsub a/#", "pubsub b"}));
  static const auto* const kNarrow =
      new policy::v1::Grant(WithRules({"pubsub a/#"}));
  policy::v1::Grant grant = wide ? *kWide : *kNarrow;
  if (is_public) {
    grant.clear_issuer();
    grant.clear_subject();
  }
  if (expires_at == absl::InfiniteFuture()) {
    grant.clear_expires_at();
  } else {
    *grant.mutable_expires_at() = ToTimestamp(expires_at);
  }
  if (recheck_after > absl::ZeroDuration()) {
    *grant.mutable_recheck_after() = ToProtoDuration(recheck_after);
  }
  grant.set_cnonce(client_nonce);
  grant.set_token_id(token_id);
  if (!key_id.empty()) grant.add_key_ids(key_id);
  grant.set_token_may_last_longer(token_may_last_longer);
  if (!has_policy_version) grant.clear_policy_version();
  return grant;
}

bool GrantModel::Covers(absl::string_view text) const {
  return LevelsOf(text)[0] == "a" || (wide && text == "b");
}

void CheckModel::Ask(uint64_t id, const policy::v1::CheckRequest& request,
                     bool of_broker) {
  const bool publish =
      request.action() == policy::v1::CheckRequest::ACTION_PUBLISH;
  Require(!publish || !of_broker);
  const About about = publish     ? About::kPublish
                      : of_broker ? About::kDeliver
                                  : About::kSubscribe;
  Require(open_.emplace(id, Question(about, request.topic())).second);
}

void CheckModel::Answer(uint64_t id, bool allowed, absl::Time until) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  yes_.erase(found->second);
  if (allowed) yes_[found->second] = {until, false};
  open_.erase(found);
}

void CheckModel::OnClockSet(absl::Duration by) {
  for (auto& entry : yes_) entry.second.until += by;
}

void CheckModel::Renew() {
  if (!open_.empty()) former_ = open_.begin()->first;
  open_.clear();
  yes_.clear();
}

void CheckModel::RequireYes(const Question& question, absl::Time now) {
  const auto found = yes_.find(question);
  Require(found != yes_.end());
  Require(!found->second.used || now < found->second.until);
  found->second.used = true;
  if (question.first == About::kSubscribe) subscribed_.insert(question.second);
}

void CheckModel::RequireYesToDelivery(const std::string& topic,
                                      absl::Time now) {
  for (const std::string& filter : subscribed_) {
    if (Matches(filter, topic)) return;
  }
  const auto found = yes_.find({About::kDeliver, topic});
  Require(found != yes_.end());
  Require(!found->second.used || now < found->second.until);
  found->second.used = true;
}

void AnswerModel::FromClient(const Frame& frame, ProtocolVersion version) {
  switch (frame.type) {
    case PacketType::kPublish: {
      const auto publish =
          mqtt::ParsePublish(frame, version, mqtt::Sender::kClient);
      if (!publish.ok() || publish->qos == 0) break;
      ++owed_[{publish->qos == 1 ? PacketType::kPuback : PacketType::kPubrec,
               publish->packet_id}];
      break;
    }
    case PacketType::kPubrel:
      ++owed_[{PacketType::kPubcomp, LeadingNumber(frame)}];
      break;
    case PacketType::kSubscribe:
      ++owed_[{PacketType::kSuback, LeadingNumber(frame)}];
      break;
    case PacketType::kUnsubscribe:
      ++owed_[{PacketType::kUnsuback, LeadingNumber(frame)}];
      break;
    case PacketType::kPingreq:
      ++owed_[{PacketType::kPingresp, 0}];
      break;
    // A challenge, and what a re-authentication comes to.
    case PacketType::kConnect:
    case PacketType::kAuth:
      ++owed_[{PacketType::kAuth, 0}];
      break;
    default:
      break;
  }
}

// What is forwarded is the broker's to answer. The session has requests of its
// own, whose answers the client does not get.
void AnswerModel::ToBroker(const Frame& frame, ProtocolVersion version) {
  AnswerModel asked;
  asked.FromClient(frame, version);
  for (const auto& [key, count] : asked.owed_) {
    owed_[key] = std::max(owed_[key] - count, 0);
  }
}

void AnswerModel::FromBroker(const Frame& frame) {
  ++owed_[{frame.type, LeadingNumber(frame)}];
}

void AnswerModel::ToClient(const Frame& frame) {
  switch (frame.type) {
    case PacketType::kConnack:
      Require(++connacks_ == 1);
      break;
    case PacketType::kAuth:
      Require(--owed_[{PacketType::kAuth, 0}] >= 0);
      break;
    case PacketType::kPingresp:
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubcomp:
    case PacketType::kSuback:
    case PacketType::kUnsuback:
      Require(--owed_[{frame.type, LeadingNumber(frame)}] >= 0);
      break;
    default:
      break;
  }
}

void Outlet::Take(ByteView bytes, ProtocolVersion version,
                  const GrantModel& grant, absl::Time start, absl::Time now) {
  grant_ = grant;
  start_ = start;
  now_ = now;
  Require(stream_.Each(bytes, version, [this, version](const Frame& frame) {
    Check(frame, version);
    ++packets_;
  }));
}

void Outlet::Check(const Frame& frame, ProtocolVersion version) {
  if (!to_broker_) {
    answers_->ToClient(frame);
  } else {
    Require((frame.type == PacketType::kConnect) == (packets_ == 0));
    if (frame.type != PacketType::kConnect) answers_->ToBroker(frame, version);
  }
  if (frame.type == PacketType::kPublish) CheckPublish(frame, version);
  if (!to_broker_) return;
  if (frame.type == PacketType::kConnect) CheckConnect(frame);
  if (frame.type == PacketType::kSubscribe) CheckSubscribe(frame, version);
  if (frame.type == PacketType::kUnsubscribe) {
    const auto unsubscribe = mqtt::ParseUnsubscribe(frame, version);
    Require(unsubscribe.ok());
    for (absl::string_view filter : unsubscribe->filters) {
      subscriptions_.erase(std::string(filter));
    }
  }
}

void Outlet::CheckPublish(const Frame& frame, ProtocolVersion version) {
  const auto publish = mqtt::ParsePublish(
      frame, version,
      to_broker_ ? mqtt::Sender::kClient : mqtt::Sender::kServer);
  Require(publish.ok());
  std::string topic(publish->topic);
  if (publish->topic_alias != 0) {
    std::string& alias = aliases_[publish->topic_alias];
    if (!topic.empty()) alias = topic;
    topic = alias;
  }
  Require(!topic.empty());
  CheckScope(topic);
  Require(now_ < grant_.expires_at);
  if (!to_broker_) {
    if (Touches(topic, "c")) checks_->RequireYesToDelivery(topic, now_);
    return;
  }
  CheckLimits(*publish, topic);
  if (Touches(topic, "c")) {
    checks_->RequireYes({CheckModel::About::kPublish, topic}, now_);
  }
}

void Outlet::CheckSubscribe(const Frame& frame, ProtocolVersion version) {
  Require(now_ < grant_.expires_at);
  const auto subscribe = mqtt::ParseSubscribe(frame, version);
  Require(subscribe.ok());
  std::set<std::string> checked;
  for (const mqtt::SubscribeEntry& entry : subscribe->entries) {
    const absl::string_view filter = Unshared(entry.filter);
    CheckScope(filter);
    Require(!Touches(filter, "l") ||
            (entry.options & 0x03) <= GrantModel::kMaxQos);
    if (Touches(filter, "c")) checked.insert(std::string(filter));
    subscriptions_.insert(std::string(entry.filter));
  }
  for (const std::string& filter : checked) {
    checks_->RequireYes({CheckModel::About::kSubscribe, filter}, now_);
  }
  Require(subscriptions_.size() <= GrantModel::kMaxSubscriptions);
}

void Outlet::CheckConnect(const Frame& frame) {
  const auto connect = mqtt::ParseConnect(frame);
  Require(connect.ok());
  mqtt::Property ignored;
  for (const mqtt::PropertyId id : {mqtt::PropertyId::kAuthenticationMethod,
                                    mqtt::PropertyId::kAuthenticationData}) {
    Require(!connect->properties.Find(id, &ignored));
  }
  const bool has_credentials = !settings_.upstream_username.empty();
  Require(connect->username.has_value() == has_credentials);
  Require(connect->password.has_value() == has_credentials);
  if (has_credentials) {
    Require(*connect->username ==
            absl::StrCat(grant_.is_public ? "" : GrantModel::kSubject, "/",
                         connect->client_id));
    Require(AsString(*connect->password) == settings_.upstream_password.str());
  }
  CheckWill(*connect);
}

void Outlet::CheckWill(const mqtt::Connect& connect) {
  if (!connect.will.has_value()) return;
  const absl::string_view topic = connect.will->topic;
  CheckScope(topic);
  Require(!Touches(topic, "l"));
  if (Touches(topic, "c")) {
    checks_->RequireYes({CheckModel::About::kPublish, std::string(topic)},
                        now_);
  }
}

void Outlet::CheckScope(absl::string_view topic_or_filter) const {
  Require(grant_.Covers(topic_or_filter));
  Require(!Touches(topic_or_filter, "s"));
  Require(!to_broker_ ||
          topic_or_filter.find_first_of(settings_.refused_topic_characters) ==
              absl::string_view::npos);
}

void Outlet::CheckLimits(const mqtt::Publish& publish,
                         absl::string_view topic) {
  if (Touches(topic, "l")) {
    Require(publish.qos <= GrantModel::kMaxQos && !publish.retain);
    Require(publish.payload_size <= GrantModel::kMaxPayload);
  }
  if (topic == kRated) {
    ++rated_;
    Require(rated_ <= GrantModel::kPublishesPerSecond *
                          (1 + absl::ToDoubleSeconds(now_ - start_)));
  }
}

}  // namespace sluice::session
