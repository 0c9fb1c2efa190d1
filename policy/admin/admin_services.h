#ifndef POLICY_ADMIN_ADMIN_SERVICES_H_
#define POLICY_ADMIN_ADMIN_SERVICES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "grpcpp/grpcpp.h"
#include "policy/ace/issuer.h"
#include "policy/ace/scope.h"
#include "policy/admin/access_service.h"
#include "policy/admin/collection.h"
#include "policy/admin/decision_service.h"
#include "policy/admin/issuer_service.h"
#include "policy/admin/public_topic_service.h"
#include "policy/admin/revocation_service.h"
#include "policy/admin/rule_service.h"
#include "policy/admin/session_service.h"
#include "policy/admin/token_service.h"
#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/decision_call.h"
#include "policy/service/jwks_fetcher.h"
#include "policy/service/replica.h"
#include "policy/service/watch_hub.h"
#include "policy/store/resource_store.h"
#include "policy/store/token_store.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// The services of sluice.admin.v1, for operators.
class AdminServices {
 public:
  // What they work on; outlives them.
  struct Context {
    ResourceStoreInterface* store;
    Replica* replica;  // follows `store`
    WatchHub* hub;
    const AccessControl* access;
    Clock clock;
    TokenStoreInterface* tokens;
    const Checkers* checkers;
    // Who decides now.
    std::function<Deciders()> deciders;
    CallPool* pool;
    // Is told of each change; may be null.
    Logger* log;
    // Is told what the store does not write, as Collection::Context says.
    std::function<void(const absl::Status&)> on_write_failure;
  };

  // What the configuration declares.
  struct Declared {
    std::vector<ace::Permission> public_topics;
    std::vector<ace::Issuer> issuers;
    // Where some of these have their keys from.
    std::vector<JwksSource> jwks;
  };

  explicit AdminServices(const Context& context)
      : AdminServices(context, {context.store, context.replica, context.access,
                                context.pool, context.clock, context.log,
                                context.on_write_failure}) {}

  // Says what the configuration declares, from now on.
  void SetDeclared(const Declared& declared) {
    public_topics_.SetDeclared(declared.public_topics);
    issuers_.SetDeclared(declared.issuers, declared.jwks);
  }

  // What a server has to register, and the names that it serves with it.
  std::vector<grpc::Service*> services() {
    return {&access_,      &decisions_, &issuers_,  &public_topics_,
            &revocations_, &rules_,     &sessions_, &tokens_};
  }
  static std::vector<std::string> names() {
    return {admin::v1::AccessService::service_full_name(),
            admin::v1::DecisionService::service_full_name(),
            admin::v1::IssuerService::service_full_name(),
            admin::v1::PublicTopicService::service_full_name(),
            admin::v1::RevocationService::service_full_name(),
            admin::v1::RuleService::service_full_name(),
            admin::v1::SessionService::service_full_name(),
            admin::v1::TokenService::service_full_name()};
  }

 private:
  AdminServices(const Context& context, const Collection::Context& collections)
      : access_({context.tokens, context.deciders, context.clock, context.pool},
                context.access),
        public_topics_(collections),
        issuers_(
            collections,
            [deciders = context.deciders] { return deciders().authenticator; }),
        decisions_(context.hub, context.access),
        revocations_(collections),
        rules_(collections, context.checkers),
        sessions_(context.hub, context.access, context.log),
        tokens_(context.tokens, context.access, context.pool, context.clock,
                context.deciders) {}

  AccessService access_;
  PublicTopicService public_topics_;
  IssuerService issuers_;
  DecisionService decisions_;
  RevocationService revocations_;
  RuleService rules_;
  SessionService sessions_;
  TokenService tokens_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ADMIN_SERVICES_H_
