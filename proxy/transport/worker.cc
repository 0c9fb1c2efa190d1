#include "proxy/transport/worker.h"

#include <utility>

namespace sluice::transport {

Worker::Worker(const Peers& peers, Admission* admission)
    : admission_(admission), connections_(&context_, admission) {
  context_.policy = peers.policy;
  context_.observer = peers.observer;
  context_.transport_observer = peers.transport_observer;
  context_.loop = &loop_;
  context_.connections = &connections_;
}

Worker::~Worker() {
  const auto close = [this] {
    listeners_.clear();
    connections_.Clear();
    loop_.Close();
  };
  if (!started_) {
    close();
    return;
  }
  loop_.Post(close);
  loop_.Join();
}

absl::Status Worker::Listen(UniqueFd socket,
                            std::shared_ptr<const ListenerConfig> config) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Create(&loop_, std::move(socket), this);
  if (!listener.ok()) return listener.status();
  listeners_.push_back(Entry{*std::move(listener), std::move(config)});
  return absl::OkStatus();
}

void Worker::Start() {
  started_ = true;
  loop_.Start();
}

void Worker::Reconfigure(size_t listener,
                         std::shared_ptr<const ListenerConfig> config) {
  loop_.Post([this, listener, config = std::move(config)] {
    if (listener < listeners_.size()) listeners_[listener].config = config;
  });
}

void Worker::Drain() {
  loop_.Post([this] {
    listeners_.clear();
    connections_.Drain();
  });
}

void Worker::OnAccept(Listener* listener, UniqueFd socket,
                      const SocketAddress& client) {
  switch (admission_->Admit(client, loop_.Now())) {
    case Admission::Verdict::kAdmitted:
      break;
    case Admission::Verdict::kTooMany:
      context_.stats.refused_max_connections.Increment();
      return;
    case Admission::Verdict::kTooFast:
      context_.stats.refused_rate.Increment();
      return;
  }
  auto* tcp = new uv_tcp_t;
  uv_tcp_init(loop_.uv(), tcp);  // cannot fail: makes no socket
  UvStream stream = ToStream(UvHandle<uv_tcp_t>(tcp));
  if (uv_tcp_open(tcp, socket.get()) != 0) {
    context_.stats.accept_failures.Increment();
    admission_->Release();
    return;
  }
  socket.Release();
  for (const Entry& entry : listeners_) {
    if (entry.listener.get() != listener) continue;
    connections_.Add(entry.config, std::move(stream), client);
    return;
  }
}

void Worker::OnAcceptFailure(int /*error*/) {
  context_.stats.accept_failures.Increment();
}

}  // namespace sluice::transport
