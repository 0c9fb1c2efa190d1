#include "policy/server/health_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/byte_buffer.h"
#include "policy/server/listen_address.h"

namespace sluice::policy {
namespace {

constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
// HealthCheckResponse with `status` SERVING, NOT_SERVING.
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

ListenAddress AnyPort() {
  ListenAddress address;
  address.host = "127.0.0.1";
  return address;
}

// Calls a method with an empty message; puts the answer's bytes into `answer`.
grpc::StatusCode Call(const std::string& address, const std::string& method,
                      std::string* answer) {
  grpc::GenericStub stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const auto call = stub.PrepareUnaryCall(
      &context, method, grpc::ByteBuffer(&nothing, 1), &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  call->StartCall();
  call->Finish(&response, &status, &response);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  grpc::Slice bytes;
  if (status.ok() && response.DumpToSingleSlice(&bytes).ok()) {
    answer->assign(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  }
  return status.error_code();
}

TEST(HealthServerTest, ServesUntilItDrains) {
  HealthServer server;
  server.SetDraining();  // nothing yet
  ASSERT_TRUE(server.Start(AnyPort()).ok());
  std::string answer;
  EXPECT_EQ(Call(server.address(), kHealthCheck, &answer), grpc::OK);
  EXPECT_EQ(answer, kServing);
  server.SetDraining();
  EXPECT_EQ(Call(server.address(), kHealthCheck, &answer), grpc::OK);
  EXPECT_EQ(answer, kNotServing);
}

TEST(HealthServerTest, ServesNothingElse) {
  HealthServer server;
  ASSERT_TRUE(server.Start(AnyPort()).ok());
  std::string answer;
  EXPECT_EQ(Call(server.address(),
                 "/sluice.policy.v1.PolicyService/Authenticate", &answer),
            grpc::UNIMPLEMENTED);
}

TEST(HealthServerTest, ReportsAnAddressInUse) {
  HealthServer first;
  ASSERT_TRUE(first.Start(AnyPort()).ok());
  ListenAddress taken = AnyPort();
  taken.port = static_cast<uint16_t>(
      std::stoi(first.address().substr(first.address().rfind(':') + 1)));
  HealthServer second;
  const absl::Status status = second.Start(taken);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(second.address(), "");
}

}  // namespace
}  // namespace sluice::policy
