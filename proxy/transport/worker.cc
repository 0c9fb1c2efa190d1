#include "proxy/transport/worker.h"

#include <cerrno>
#include <limits>
#include <utility>

#include "proxy/transport/session_id.h"

namespace sluice::transport {
namespace {

// Sessions that ask about their grants again each PacedVisit::kInterval: 3,200
// a second.
constexpr size_t kRecheckBatch = 32;
// Of this loop's questions about grants, those of new clients included: while
// so many have no answer, hardly one asks again. The policy service would only
// answer all of them too late.
constexpr size_t kMaxUnanswered = 64;
// Over which all sessions are ended while the policy service is away: they come
// back at once, and each costs a handshake.
constexpr absl::Duration kOutageTime = absl::Seconds(2);
// Connections that have to go each time that descriptors run out.
constexpr int kEvictions = 32;

// Identifiers of connections.
struct Range {
  uint64_t after = 0;
  uint64_t last = std::numeric_limits<uint64_t>::max();
};

// Among which of the connections of `worker` those are that `query` asks for;
// nullopt: it has none.
absl::optional<Range> RangeOf(const policy::v1::SessionQuery& query,
                              size_t worker) {
  Range range;
  if (!query.after_session_id().empty()) {
    const auto after = SessionId::Parse(query.after_session_id());
    if (!after.has_value() || after->worker > worker) return absl::nullopt;
    if (after->worker == worker) range.after = after->connection;
  }
  if (!query.session_id().empty()) {
    const auto only = SessionId::Parse(query.session_id());
    if (!only.has_value() || only->worker != worker ||
        only->connection <= range.after) {
      return absl::nullopt;
    }
    range = {only->connection - 1, only->connection};
  }
  return range;
}

bool Matches(const policy::v1::SessionQuery& query,
             const policy::v1::SessionInfo& info) {
  return (query.subject().empty() || query.subject() == info.subject()) &&
         (query.client_id().empty() || query.client_id() == info.client_id());
}

}  // namespace

Worker::Worker(size_t index, const Peers& peers, Admission* admission,
               const Limits& limits)
    : index_(index),
      admission_(admission),
      limits_(limits),
      connections_(&context_, admission, limits.max_anonymous) {
  context_.policy = peers.policy;
  context_.observer = peers.observer;
  context_.transport_observer = peers.transport_observer;
  if (peers.decision_observer != nullptr) {
    context_.recorder = std::make_unique<session::DecisionRecorder>(
        peers.decision_observer, &context_.random, peers.decision_sample);
  }
  context_.worker = index;
  context_.loop = &loop_;
  context_.connections = &connections_;
  context_.denials = &admission->denials();
  visits_.emplace(&loop_, &connections_,
                  [this] { return context_.unanswered < kMaxUnanswered; });
  loop_.OnClockSet([this](absl::Duration by) {
    if (!visits_.has_value()) return;
    connections_.ForEach([by](ClientConnection* c) { c->OnClockSet(by); });
    for (PacedVisit* visit :
         {&visits_->rollout, &visits_->outage, &visits_->drain}) {
      visit->OnClockSet(by);
    }
    visits_->sweep.OnClockSet(by);
  });
}

Worker::Visits::Visits(EventLoop* loop, ConnectionTable* connections,
                       PacedVisit::Condition may_ask)
    : rollout(
          loop, connections,
          [](ClientConnection* connection) {
            connection->Tell(&session::Session::OnPolicyVersion);
          },
          std::move(may_ask)),
      outage(loop, connections,
             [](ClientConnection* connection) {
               connection->Tell(&session::Session::OnPolicyOutage);
             }),
      drain(loop, connections,
            [](ClientConnection* connection) { connection->Drain(); }),
      sweep(loop, connections) {}

Worker::~Worker() {
  const auto close = [this] {
    listeners_.clear();
    visits_.reset();
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

void Worker::Post(Mailbox::Task task) {
  loop_.Post([this, task = std::move(task)]() mutable {
    if (visits_.has_value()) task();
  });
}

void Worker::Start() {
  started_ = true;
  loop_.Start();
}

void Worker::Reconfigure(size_t listener,
                         std::shared_ptr<const ListenerConfig> config) {
  Post([this, listener, config = std::move(config)] {
    if (listener < listeners_.size()) listeners_[listener].config = config;
  });
}

void Worker::Drain(absl::Duration duration) {
  Post([this, duration] {
    listeners_.clear();
    visits_->drain.StartOver(duration);
  });
}

void Worker::ApplyRevocations(
    std::shared_ptr<const policy_client::RevocationUpdate> update) {
  Post([this, update = std::move(update)] {
    policy::RevocationSet& revocations = context_.live_policy.revocations;
    if (update->is_snapshot) revocations.Clear();
    revocations.RemoveExpired(loop_.Now());
    for (const std::string& name : update->deleted) revocations.Remove(name);
    for (const auto& revocation : update->added) {
      revocations.Add(revocation);
      visits_->sweep.Add(revocation);
    }
  });
}

void Worker::SetPolicyVersion(const std::string& version) {
  Post([this, version] {
    session::LivePolicy& live = context_.live_policy;
    if (live.version == version) return;
    live.version = version;
    ++live.version_changes;
    visits_->rollout.Start(kRecheckBatch);
  });
}

void Worker::SetPolicyFollowed(bool followed) {
  Post([this, followed] { context_.live_policy.is_followed = followed; });
}

void Worker::EndSessions() {
  Post([this] { visits_->outage.StartOver(kOutageTime); });
}

void Worker::DisconnectSessions(
    std::shared_ptr<const std::vector<std::string>> session_ids) {
  Post([this, session_ids = std::move(session_ids)] {
    for (const std::string& session_id : *session_ids) {
      const absl::optional<SessionId> id = SessionId::Parse(session_id);
      if (!id.has_value() || id->worker != index_) continue;
      ClientConnection* connection = connections_.Find(id->connection);
      if (connection != nullptr) {
        connection->Tell(&session::Session::OnDisconnectRequest);
      }
    }
  });
}

void Worker::ListSessions(
    const policy::v1::SessionQuery& query,
    policy_client::WatchObserverInterface::SessionsCallback done) {
  Post([this, query, done = std::move(done)]() mutable {
    std::vector<policy::v1::SessionInfo> sessions;
    const absl::optional<Range> range = RangeOf(query, index_);
    if (!range.has_value()) {
      done(std::move(sessions));
      return;
    }
    connections_.VisitAfter(
        range->after, [&](uint64_t id, const ClientConnection& connection) {
          if (id > range->last || sessions.size() >= query.limit()) {
            return false;
          }
          policy::v1::SessionInfo info;
          if (connection.Describe(&info) && Matches(query, info)) {
            info.set_session_id(SessionId{index_, id}.ToString());
            sessions.push_back(std::move(info));
          }
          return true;
        });
    done(std::move(sessions));
  });
}

void Worker::OnAccept(Listener* listener, UniqueFd socket,
                      const SocketAddress& client) {
  switch (admission_->Admit(client)) {
    case Admission::Verdict::kAdmitted:
      break;
    case Admission::Verdict::kTooMany:
      context_.stats.refused_max_connections.Increment();
      return;
    case Admission::Verdict::kTooFast:
      context_.stats.refused_rate.Increment();
      return;
    case Admission::Verdict::kTooManyDenials:
      context_.stats.refused_denials.Increment();
      return;
  }
  if (IsFull() && !connections_.MakeRoomFor(client, limits_.pending_grace)) {
    context_.stats.refused_pending.Increment();
    admission_->Release();
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

void Worker::OnAcceptFailure(int error) {
  context_.stats.accept_failures.Increment();
  if (error != EMFILE && error != ENFILE) return;
  for (int i = 0; i < kEvictions; ++i) {
    if (!connections_.MakeRoom(limits_.pending_grace)) return;
  }
}

}  // namespace sluice::transport
