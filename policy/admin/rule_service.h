#ifndef POLICY_ADMIN_RULE_SERVICE_H_
#define POLICY_ADMIN_RULE_SERVICE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/collection.h"
#include "policy/service/checkers.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/rule.grpc.pb.h"

namespace sluice::policy {

// RuleService over gRPC, on a store and the replica that follows it.
// Thread-safe.
class RuleService final : public admin::v1::RuleService::CallbackService {
 public:
  // `checkers`: those that rules may ask; outlives this.
  RuleService(const Collection::Context& context, const Checkers* checkers)
      : rules_(kRules, context), checkers_(*checkers) {}

  grpc::ServerUnaryReactor* PutRule(grpc::CallbackServerContext* context,
                                    const admin::v1::PutRuleRequest* request,
                                    admin::v1::Rule* response) override;
  grpc::ServerUnaryReactor* GetRule(grpc::CallbackServerContext* context,
                                    const admin::v1::GetRuleRequest* request,
                                    admin::v1::Rule* response) override;
  grpc::ServerUnaryReactor* ListRules(
      grpc::CallbackServerContext* context,
      const admin::v1::ListRulesRequest* request,
      admin::v1::ListRulesResponse* response) override;
  grpc::ServerUnaryReactor* DeleteRule(
      grpc::CallbackServerContext* context,
      const admin::v1::DeleteRuleRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // Writes; `revision` is then the store's.
  grpc::Status Put(const admin::v1::PutRuleRequest& request,
                   admin::v1::Rule* response, int64_t* revision);
  // Makes `rule` what the request's mask makes of the rule that there is, which
  // is to have `expected` when it is written.
  grpc::Status ApplyMask(const admin::v1::PutRuleRequest& request,
                         absl::string_view id, admin::v1::Rule* rule,
                         std::optional<int64_t>* expected);
  admin::v1::Rule Show(const Resource& resource) const;
  // A checker that there is not would deny everything.
  grpc::Status CheckChecker(const admin::v1::Rule& rule) const;

  const Collection rules_;
  const Checkers& checkers_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_RULE_SERVICE_H_
