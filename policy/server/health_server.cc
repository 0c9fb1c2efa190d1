#include "policy/server/health_server.h"

#include <chrono>

#include "absl/strings/str_cat.h"

namespace sluice::policy {

HealthServer::~HealthServer() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

absl::Status HealthServer::Start(const ListenAddress& address) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(address.ToString(),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&unimplemented_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port <= 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address.ToString(),
                     ": in use, or not an address of this host"));
  }
  address_ = absl::StrCat(address.host, ":", port);
  return absl::OkStatus();
}

void HealthServer::SetDraining() {
  if (server_ != nullptr) {
    server_->GetHealthCheckService()->SetServingStatus(false);
  }
}

}  // namespace sluice::policy
