#include "policy/service/watch_hub.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/service/refusal.h"
#include "policy/service/watch_stream.h"

namespace sluice::policy {
namespace {

grpc::Status ShuttingDown() {
  return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                      "the policy service is shutting down");
}

}  // namespace

WatchHub::WatchHub(std::shared_ptr<Replica> replica)
    : replica_(std::move(replica)) {
  replica_->SetListener([this] { Wake(); });
}

WatchHub::~WatchHub() = default;

WatchHub::Reactor* WatchHub::Open(MayGoOn may_go_on) {
  auto stream =
      std::make_shared<WatchStream>(this, replica_.get(), std::move(may_go_on));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return Refuse(ShuttingDown());
    if (streams_.size() >= kMaxStreams) {
      return Refuse(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many proxies are watching"));
    }
    streams_.emplace(stream.get(), stream);
  }
  stream->Start();
  // Since RecheckCallers() may just have passed it by.
  stream->Recheck();
  return stream.get();
}

WatchHub::Reactor* WatchHub::Refuse(const grpc::Status& status) {
  return new Refusal<Reactor>(status);
}

void WatchHub::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  const Callers callers = AllCallers();
  for (const auto& stream : callers.streams) stream->End(ShuttingDown());
  for (const auto& watcher : callers.watchers) watcher->End(ShuttingDown());
}

void WatchHub::RecheckCallers() {
  const Callers callers = AllCallers();
  for (const auto& stream : callers.streams) stream->Recheck();
  for (const auto& watcher : callers.watchers) Recheck(*watcher);
}

WatchHub::Callers WatchHub::AllCallers() const {
  Callers callers;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [key, stream] : streams_) callers.streams.push_back(stream);
  for (const auto& [key, watcher] : decision_watchers_) {
    callers.watchers.push_back(watcher);
  }
  return callers;
}

void WatchHub::Recheck(DecisionWatcherInterface& watcher) {
  const grpc::Status status = watcher.MayGoOn();
  if (!status.ok()) watcher.End(status);
}

std::vector<std::string> WatchHub::proxies() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, stream] : by_proxy_) {
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

void WatchHub::ListSessions(absl::string_view proxy, v1::SessionQuery query,
                            absl::Duration timeout, SessionsCallback done) {
  const std::shared_ptr<WatchStream> stream = Find(proxy);
  if (stream == nullptr) {
    done(absl::NotFoundError(absl::StrCat("no proxy \"", proxy, "\"")));
    return;
  }
  stream->ListSessions(std::move(query), timeout, std::move(done));
}

absl::Status WatchHub::Disconnect(absl::string_view proxy,
                                  std::string session_id) {
  const std::shared_ptr<WatchStream> stream = Find(proxy);
  if (stream == nullptr) {
    return absl::NotFoundError(absl::StrCat("no proxy \"", proxy, "\""));
  }
  return stream->Disconnect(std::move(session_id));
}

absl::Status WatchHub::AddDecisionWatcher(
    std::shared_ptr<DecisionWatcherInterface> watcher) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) {
      return absl::UnavailableError("the policy service is shutting down");
    }
    if (decision_watchers_.size() >= kMaxDecisionWatchers) {
      return absl::ResourceExhaustedError("too many are watching decisions");
    }
    decision_watchers_.emplace(watcher.get(), watcher);
    wants_decisions_ = true;
  }
  Recheck(*watcher);
  Wake();
  return absl::OkStatus();
}

void WatchHub::RemoveDecisionWatcher(const DecisionWatcherInterface* watcher) {
  // Outlives the lock, and may be the last that holds the watcher.
  std::shared_ptr<DecisionWatcherInterface> removed;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = decision_watchers_.find(watcher);
    if (found == decision_watchers_.end()) return;
    removed = std::move(found->second);
    decision_watchers_.erase(found);
    wants_decisions_ = !decision_watchers_.empty();
  }
  Wake();
}

void WatchHub::OnDecisions(absl::string_view proxy,
                           const v1::DecisionBatch& batch) {
  std::vector<std::shared_ptr<DecisionWatcherInterface>> watchers;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [key, watcher] : decision_watchers_) {
      watchers.push_back(watcher);
    }
  }
  for (const auto& watcher : watchers) watcher->OnDecisions(proxy, batch);
}

std::shared_ptr<WatchStream> WatchHub::Find(absl::string_view proxy) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [first, last] = by_proxy_.equal_range(proxy);
  return first == last ? nullptr : std::prev(last)->second;
}

void WatchHub::Wake() {
  std::vector<std::shared_ptr<WatchStream>> streams;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    streams.reserve(by_proxy_.size());
    for (const auto& [name, stream] : by_proxy_) streams.push_back(stream);
  }
  for (const auto& stream : streams) stream->Wake();
}

void WatchHub::Add(const std::string& proxy,
                   std::shared_ptr<WatchStream> stream) {
  const std::lock_guard<std::mutex> lock(mutex_);
  by_proxy_.emplace(proxy, std::move(stream));
}

void WatchHub::Remove(const WatchStream* stream) {
  // Outlives the lock, and may be the last that holds the stream.
  std::shared_ptr<WatchStream> removed;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto it = by_proxy_.begin(); it != by_proxy_.end(); ++it) {
    if (it->second.get() != stream) continue;
    by_proxy_.erase(it);
    break;
  }
  const auto found = streams_.find(stream);
  removed = std::move(found->second);
  streams_.erase(found);
}

}  // namespace sluice::policy
