#ifndef POLICY_CTL_CALL_H_
#define POLICY_CTL_CALL_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "policy/ctl/command.h"
#include "policy/ctl/connection.h"

namespace sluice::ctl {

// A stub on a channel of Connect().
template <typename Service>
absl::StatusOr<std::unique_ptr<typename Service::Stub>> ConnectTo(
    const Options& options, const Environment& environment) {
  const auto channel = Connect(options, environment);
  if (!channel.ok()) return channel.status();
  return Service::NewStub(*channel);
}

// A call of a generated stub: `&RuleService::Stub::GetRule`.
template <typename Stub, typename Request, typename Response>
using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&,
                                      Response*);

// One call, and what the server says.
template <typename Stub, typename Request, typename Response>
grpc::Status TryCall(Stub& stub, Method<Stub, Request, Response> method,
                     const Request& request, Response* response) {
  grpc::ClientContext context;
  SetDeadline(&context);
  return (stub.*method)(&context, request, response);
}

// The answer to one call, or what CallStatus() says of it.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              Method<Stub, Request, Response> method,
                              const Request& request) {
  Response response;
  absl::Status status = CallStatus(TryCall(stub, method, request, &response));
  if (!status.ok()) return status;
  return response;
}

// All pages of a listing in one.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallForAll(Stub& stub,
                                    Method<Stub, Request, Response> method,
                                    Request request = {}) {
  Response all;
  request.set_page_size(1000);
  do {
    absl::StatusOr<Response> page = Call(stub, method, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  return all;
}

}  // namespace sluice::ctl

#endif  // POLICY_CTL_CALL_H_
