#ifndef TEST_POLICY_SERVICE_ASKING_HARNESS_H_
#define TEST_POLICY_SERVICE_ASKING_HARNESS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/policy_service.h"
#include "policy/service/replica.h"
#include "policy/service/watch_hub.h"
#include "test/policy/service/watching_proxy.h"

namespace sluice::policy {

// A `Service` of the interface `Api`, which asks proxies what an operator wants
// to know; proxies, and the operator's stub.
template <typename Service, typename Api>
class AskingHarness : public ::testing::Test {
 protected:
  AskingHarness() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&policy_service_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    const auto channel = server_->InProcessChannel({});
    watch_ = v1::PolicyService::NewStub(channel);
    stub_ = Api::NewStub(channel);
  }
  ~AskingHarness() override {
    hub_.Close();
    server_->Shutdown();
  }

  // A proxy that knows all.
  std::unique_ptr<WatchingProxy> Proxy(const std::string& name) {
    auto proxy = std::make_unique<WatchingProxy>(watch_.get(), name);
    proxy->ReadAll();
    return proxy;
  }

  WatchHub hub_{std::make_shared<Replica>(&absl::Now)};
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  CallPool pool_{0};
  PolicyService policy_service_{{}, &access_, &hub_, &pool_, &absl::Now};
  Service service_{&hub_, &access_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> watch_;
  std::unique_ptr<typename Api::Stub> stub_;
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_SERVICE_ASKING_HARNESS_H_
