#include "proxy/transport/worker_pool.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace sluice::transport {

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(
    const WorkerPoolOptions& options) {
  const size_t count =
      options.workers > 0
          ? options.workers
          : std::max<size_t>(1, std::thread::hardware_concurrency());
  std::unique_ptr<WorkerPool> pool(new WorkerPool(options.limits));
  const auto share = [count](uint64_t of_all) {
    return static_cast<size_t>((of_all + count - 1) / count);
  };
  const Worker::Limits limits = {share(options.limits.max_pending),
                                 options.limits.pending_grace,
                                 share(options.limits.max_anonymous)};
  for (size_t i = 0; i < count; ++i) {
    pool->workers_.push_back(
        std::make_unique<Worker>(i, options.peers, &pool->admission_, limits));
    pool->workers_.back()->SetEventCoalescing(options.event_coalescing);
  }
  for (const ListenerOptions& listener : options.listeners) {
    absl::StatusOr<ListeningSockets> sockets =
        ListeningSockets::Bind(listener.address, count);
    if (!sockets.ok()) return sockets.status();
    for (size_t i = 0; i < count; ++i) {
      absl::Status status = pool->workers_[i]->Listen(
          std::move(sockets->sockets[i]), listener.config);
      if (!status.ok()) return status;
    }
    pool->addresses_.push_back(sockets->address.ToString());
  }
  return pool;
}

void WorkerPool::Start() {
  for (const auto& worker : workers_) worker->Start();
}

void WorkerPool::Reconfigure(
    size_t listener, const std::shared_ptr<const ListenerConfig>& config) {
  for (const auto& worker : workers_) worker->Reconfigure(listener, config);
}

void WorkerPool::Drain(absl::Duration duration) {
  for (const auto& worker : workers_) worker->Drain(duration);
}

void WorkerPool::ApplyRevocations(
    const std::shared_ptr<const policy_client::RevocationUpdate>& update) {
  for (const auto& worker : workers_) worker->ApplyRevocations(update);
}

void WorkerPool::SetPolicyVersion(const std::string& version) {
  for (const auto& worker : workers_) worker->SetPolicyVersion(version);
}

void WorkerPool::SetPolicyFollowed(bool followed) {
  for (const auto& worker : workers_) worker->SetPolicyFollowed(followed);
}

void WorkerPool::EndSessions() {
  for (const auto& worker : workers_) worker->EndSessions();
}

void WorkerPool::DisconnectSessions(std::vector<std::string> session_ids) {
  const auto shared =
      std::make_shared<const std::vector<std::string>>(std::move(session_ids));
  for (const auto& worker : workers_) worker->DisconnectSessions(shared);
}

// One worker's ids are all before the next one's: they are asked in turn, for
// as many as are still missing.
void WorkerPool::ListSessions(
    const policy::v1::SessionQuery& query,
    policy_client::WatchObserverInterface::SessionsCallback done) {
  struct Listing {
    policy::v1::SessionQuery query;
    policy_client::WatchObserverInterface::SessionsCallback done;
    std::vector<policy::v1::SessionInfo> sessions;
    const std::vector<std::unique_ptr<Worker>>* workers;

    static void Ask(std::shared_ptr<Listing> self, size_t index) {
      if (index == self->workers->size() || self->query.limit() == 0) {
        self->done(std::move(self->sessions));
        return;
      }
      (*self->workers)[index]->ListSessions(
          self->query,
          [self, index](std::vector<policy::v1::SessionInfo> sessions) {
            self->query.set_limit(self->query.limit() -
                                  static_cast<uint32_t>(sessions.size()));
            for (auto& session : sessions) {
              self->sessions.push_back(std::move(session));
            }
            Ask(self, index + 1);
          });
    }
  };
  auto listing = std::make_shared<Listing>();
  listing->query = query;
  listing->done = std::move(done);
  listing->workers = &workers_;
  Listing::Ask(std::move(listing), 0);
}

}  // namespace sluice::transport
