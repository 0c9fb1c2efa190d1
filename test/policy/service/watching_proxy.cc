#include "test/policy/service/watching_proxy.h"

#include <chrono>

namespace sluice::policy {

WatchingProxy::WatchingProxy(v1::PolicyService::Stub* stub,
                             const std::string& name, v1::WatchStart start) {
  context_.set_deadline(std::chrono::system_clock::now() +
                        std::chrono::seconds(20));
  stream_ = stub->Watch(&context_);
  v1::WatchRequest request;
  *request.mutable_start() = std::move(start);
  request.mutable_start()->set_proxy(name);
  Send(request);
}

WatchingProxy::~WatchingProxy() {
  if (ended_) return;
  context_.TryCancel();
  End();
}

v1::WatchResponse WatchingProxy::Read() {
  v1::WatchResponse response;
  if (!stream_->Read(&response)) response.Clear();
  return response;
}

void WatchingProxy::ReadAll() {
  for (;;) {
    const v1::WatchResponse response = Read();
    if (response.has_policy() || !response.has_position()) return;
  }
}

void WatchingProxy::Send(const v1::WatchRequest& request) {
  stream_->Write(request);
}

void WatchingProxy::Answer(const v1::SessionQuery& query,
                           const std::string& session_id) {
  v1::WatchRequest request;
  request.mutable_sessions()->set_query_id(query.query_id());
  if (!session_id.empty()) {
    v1::SessionInfo* session = request.mutable_sessions()->add_sessions();
    session->set_session_id(session_id);
    session->set_client_id("client-" + session_id);
    session->set_protocol_version(v1::PROTOCOL_VERSION_MQTT_5_0);
  }
  Send(request);
}

grpc::Status WatchingProxy::End() {
  v1::WatchResponse response;
  while (stream_->Read(&response)) {
  }
  ended_ = true;
  return stream_->Finish();
}

}  // namespace sluice::policy
