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
  for (size_t i = 0; i < count; ++i) {
    pool->workers_.push_back(
        std::make_unique<Worker>(options.peers, &pool->admission_));
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

void WorkerPool::Drain() {
  for (const auto& worker : workers_) worker->Drain();
}

}  // namespace sluice::transport
