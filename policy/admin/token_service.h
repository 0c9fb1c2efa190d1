#ifndef POLICY_ADMIN_TOKEN_SERVICE_H_
#define POLICY_ADMIN_TOKEN_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/decision_call.h"
#include "policy/store/token_store.h"
#include "proto/sluice/admin/v1/token.grpc.pb.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// TokenService over gRPC: shows what the store holds, but for the tokens
// themselves and their keys. Thread-safe.
class TokenService final : public admin::v1::TokenService::CallbackService {
 public:
  // All outlive this.
  TokenService(TokenStoreInterface* store, const AccessControl* access,
               CallPool* pool, Clock clock, std::function<Deciders()> deciders)
      : store_(store),
        access_(access),
        pool_(pool),
        clock_(std::move(clock)),
        deciders_(std::move(deciders)) {}

  grpc::ServerUnaryReactor* ListTokens(
      grpc::CallbackServerContext* context,
      const admin::v1::ListTokensRequest* request,
      admin::v1::ListTokensResponse* response) override;
  grpc::ServerUnaryReactor* GetToken(grpc::CallbackServerContext* context,
                                     const admin::v1::GetTokenRequest* request,
                                     admin::v1::Token* response) override;

 private:
  grpc::Status List(const admin::v1::ListTokensRequest& request,
                    admin::v1::ListTokensResponse* response);
  grpc::Status Find(const std::string& name, TokenRecord* record);
  void Get(const std::string& name, grpc::ServerUnaryReactor* reactor,
           admin::v1::Token* response);

  TokenStoreInterface* const store_;
  const AccessControl* const access_;
  CallPool* const pool_;
  const Clock clock_;
  const std::function<Deciders()> deciders_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_TOKEN_SERVICE_H_
