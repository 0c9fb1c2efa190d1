#ifndef POLICY_RULES_RULE_H_
#define POLICY_RULES_RULE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/rules/network.h"
#include "policy/rules/topic_template.h"
#include "proto/sluice/admin/v1/rule.pb.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Whom a grant is for. The views outlive it.
struct RuleClient {
  // Of its token; both are empty for an anonymous client, which has no issuer.
  absl::string_view issuer;
  absl::string_view subject;
  const v1::ConnectionInfo& connection;
};

// A rule of the operators, compiled. Does not change.
class Rule {
 public:
  // InvalidArgument for what CheckRule() has something to say about.
  static absl::StatusOr<Rule> Compile(const admin::v1::Rule& rule);

  // Whether it is for that client. What cannot be read of the client (its
  // address) fits: rules only take away.
  bool Matches(const RuleClient& client) const;

  // What it comes to for a client that it matches: a serialized v1::Rule.
  std::string For(const RuleClient& client) const {
    return for_everybody_.has_value()
               ? *for_everybody_
               : FillIn({client.subject, client.connection.client_id()});
  }

 private:
  // "alice", or all that begins with "plant-7-".
  struct Pattern {
    std::string text;
    bool is_prefix;
  };

  explicit Rule(const admin::v1::Rule& rule);

  static std::vector<Pattern> ReadPatterns(
      const google::protobuf::RepeatedPtrField<std::string>& texts);
  static bool AnyFits(const std::vector<Pattern>& patterns,
                      absl::string_view value);
  bool MatchesAddress(absl::string_view peer) const;
  bool MatchesVersion(v1::ProtocolVersion version) const;
  std::string FillIn(const TopicVariables& variables) const;

  admin::v1::Rule rule_;
  std::vector<Pattern> subjects_;
  std::vector<Pattern> client_ids_;
  std::vector<Network> networks_;
  std::vector<TopicTemplate> topics_;
  std::vector<TopicTemplate> except_;
  // Where there are no variables: what it comes to for whomever it matches. To
  // make it for each client would be most of what a login costs.
  std::optional<std::string> for_everybody_;
};

}  // namespace sluice::policy

#endif  // POLICY_RULES_RULE_H_
