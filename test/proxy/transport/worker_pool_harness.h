#ifndef TEST_PROXY_TRANSPORT_WORKER_POOL_HARNESS_H_
#define TEST_PROXY_TRANSPORT_WORKER_POOL_HARNESS_H_

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/policy_client/policy_client_interface.h"
#include "proxy/session/session.h"
#include "proxy/transport/worker_pool.h"
#include "test/proxy/transport/end_points.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {

// MQTT 3.1.1, clean session, client identifier "c", no credential; the broker
// gets it as it is.
extern const std::string kConnect;
extern const std::string kConnack;
extern const std::string kDisconnect;
extern const std::string kPingreq;
extern const std::string kPingresp;

// QoS 0, topic "t".
std::string Publish(absl::string_view payload);

// Publish and subscribe everywhere.
policy::v1::AuthenticateResponse GrantAll();
// The same for a token, where GrantAll() is for a client without.
policy::v1::AuthenticateResponse GrantAllForAToken();

// Grants everything from within the call, or leaves the answer to the test.
class FakePolicyClient : public policy_client::PolicyClientInterface {
 public:
  using Done = Callback<policy::v1::AuthenticateResponse>;
  using PskDone = Callback<policy::v1::GetPreSharedKeyResponse>;

  void Authenticate(const policy::v1::AuthenticateRequest& request,
                    Done done) override;
  void StoreToken(const policy::v1::StoreTokenRequest& request,
                  Callback<policy::v1::StoreTokenResponse> done) override;
  void GetPreSharedKey(
      const policy::v1::GetPreSharedKeyRequest& request,
      Callback<policy::v1::GetPreSharedKeyResponse> done) override;
  void Check(const policy::v1::CheckRequest& request,
             Callback<policy::v1::CheckResponse> done) override;

  // Waits for a request for a pre-shared key, which the test answers.
  std::pair<policy::v1::GetPreSharedKeyRequest, PskDone> TakePsk();
  // The latest connection that asked to be authenticated.
  policy::v1::ConnectionInfo connection();

  // From now on the test answers.
  void Hold() { hold_ = true; }
  // Waits for a request and returns its callback.
  Done TakeHeld();

 private:
  std::atomic<bool> hold_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Done> held_;
  std::vector<std::pair<policy::v1::GetPreSharedKeyRequest, PskDone>> psks_;
  policy::v1::ConnectionInfo connection_;
};

class QuietObserver : public session::ObserverInterface {
 public:
  void OnEvent(const session::Event&) override {}
};

// Remembers why handshakes failed.
class HandshakeObserver : public TransportObserverInterface {
 public:
  void OnHandshakeFailed(absl::string_view listener,
                         absl::string_view client_address,
                         absl::string_view reason) override;
  std::vector<std::string> reasons();

 private:
  std::mutex mutex_;
  std::vector<std::string> reasons_;
};

// The proxy's event loops, between clients, a broker and a policy service that
// the test plays.
class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest();
  // Whatever a test did, no connection is left behind.
  ~WorkerPoolTest() override;

  std::shared_ptr<const TlsContext> NewTls(const std::string& common_name);
  // With config_ and options_ as they are then.
  void Start();
  // Connects a client up to CONNACK; returns the broker's end.
  TestSocket Open(TestClient* client);
  // The same with a grant for a token; from then on the test answers for the
  // policy service.
  TestSocket OpenWithAToken(TestClient* client);

  // Over all loops.
  uint64_t Sum(const std::function<uint64_t(const LoopStats&)>& value);
  uint64_t Copied();
  // Waits for a condition that other threads bring about.
  void Await(const std::function<bool()>& condition);

  testing::TempDir directory_;
  FakePolicyClient policy_;
  QuietObserver observer_;
  HandshakeObserver handshakes_;
  TestBroker broker_;
  std::shared_ptr<ListenerConfig> config_ = std::make_shared<ListenerConfig>();
  WorkerPoolOptions options_;
  std::unique_ptr<WorkerPool> pool_;
  SocketAddress address_;

 private:
  // From the broker's connection to CONNACK.
  TestSocket LetIn(TestClient* client);
};

}  // namespace sluice::transport

#endif  // TEST_PROXY_TRANSPORT_WORKER_POOL_HARNESS_H_
