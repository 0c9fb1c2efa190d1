// EtcdResourceStore's following of the resources.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/store/etcd_request.h"
#include "policy/store/etcd_resource_store.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;

// Between a stream that broke and the next, while etcd is away.
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);

}  // namespace

void EtcdResourceStore::Follow(ResourceObserverInterface* observer) {
  observer_ = observer;
  thread_ = std::thread([this] { Run(); });
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return tried_; });
}

void EtcdResourceStore::Run() {
  absl::Duration pause = kFirstPause;
  for (;;) {
    absl::Status status = revision_ == 0 ? TellSnapshot() : CheckHistory();
    if (status.ok()) {
      const absl::Time begin = absl::Now();
      status = TellChanges();
      if (absl::Now() - begin > kLongestPause) pause = kFirstPause;
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
    }
    if (status.ok()) continue;  // from a snapshot on
    TellStale(status);
    if (!Pause(pause)) return;
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::Status EtcdResourceStore::TellSnapshot() {
  std::vector<Resource> resources;
  RangeRequest range = EtcdPrefix(prefix_);
  range.set_limit(kPageSize);
  for (;;) {
    const absl::StatusOr<RangeResponse> page =
        client_->Range(range, client_->NewDeadline());
    if (!page.ok()) return page.status();
    // The pages are of one moment.
    if (range.revision() == 0) range.set_revision(page->header().revision());
    for (const mvccpb::KeyValue& kv : page->kvs()) {
      std::optional<Resource> resource = ToResource(kv);
      if (resource.has_value()) resources.push_back(*std::move(resource));
    }
    if (!page->more()) break;
    range.set_key(EtcdKeyAfter(page->kvs(page->kvs_size() - 1).key()));
  }
  revision_ = range.revision();
  stale_ = false;
  observer_->OnSnapshot(revision_, std::move(resources));
  const std::lock_guard<std::mutex> lock(mutex_);
  tried_ = true;
  changed_.notify_all();
  return absl::OkStatus();
}

// A cluster that was made anew, or restored from an older state, would keep a
// watch waiting for a revision that is yet to come.
absl::Status EtcdResourceStore::CheckHistory() {
  TxnRequest look;
  AddRange(EtcdKey(IdKey(*client_)), &look);
  const absl::StatusOr<TxnResponse> found =
      client_->Txn(look, client_->NewDeadline());
  if (!found.ok()) return found.status();
  if (found->header().revision() < revision_) return TellSnapshot();
  return absl::OkStatus();
}

absl::Status EtcdResourceStore::TellChanges() {
  grpc::ClientContext context;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return absl::OkStatus();
    watch_ = &context;
  }
  absl::Status reason = absl::UnavailableError("etcd ended the watch");
  absl::StatusOr<std::unique_ptr<EtcdClient::WatchStream>> stream =
      client_->Watch(&context);
  if (stream.ok()) {
    WatchRequest request;
    auto* create = request.mutable_create_request();
    create->set_key(prefix_);
    create->set_range_end(EtcdPrefixEnd(prefix_));
    create->set_start_revision(revision_ + 1);
    create->set_progress_notify(true);
    create->set_prev_kv(true);
    (*stream)->Write(request);
    WatchResponse response;
    while ((*stream)->Read(&response) && Take(response, &reason)) {
    }
    context.TryCancel();
    const grpc::Status status = (*stream)->Finish();
    if (!reason.ok() && !status.error_message().empty() &&
        status.error_code() != grpc::StatusCode::CANCELLED) {
      reason = absl::UnavailableError(
          absl::StrCat("etcd: ", status.error_message()));
    }
  } else {
    reason = stream.status();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  watch_ = nullptr;
  return reason;
}

bool EtcdResourceStore::Take(const WatchResponse& response,
                             absl::Status* reason) {
  if (response.compact_revision() != 0) {
    // What happened meanwhile is not there any more; what there is, is.
    revision_ = 0;
    *reason = absl::OkStatus();
    return false;
  }
  if (response.canceled()) {
    *reason = absl::UnavailableError(
        absl::StrCat("etcd: ", response.cancel_reason()));
    return false;
  }
  if (response.created()) {
    if (stale_) {
      stale_ = false;
      observer_->OnChanges({});
    }
    return true;
  }
  Tell(response);
  return true;
}

void EtcdResourceStore::Tell(const WatchResponse& response) {
  std::vector<ResourceChange> changes;
  for (const mvccpb::Event& event : response.events()) {
    ResourceChange change;
    change.deleted = event.type() == mvccpb::Event::DELETE;
    // A deleted key's value is empty.
    std::optional<Resource> resource = ToResource(event.kv());
    if (!resource.has_value()) continue;
    if (change.deleted) {
      const std::optional<Resource> before = ToResource(event.prev_kv());
      if (before.has_value() && before->expires_at <= clock_()) continue;
      resource->expires_at = absl::InfiniteFuture();
    }
    change.resource = *std::move(resource);
    changes.push_back(std::move(change));
  }
  if (response.events().empty()) {
    // Nothing up to here.
    revision_ = std::max(revision_, response.header().revision());
  } else {
    const auto& last = response.events(response.events_size() - 1);
    revision_ = last.kv().mod_revision();
  }
  if (!changes.empty()) {
    observer_->OnChanges(std::move(changes));
  } else if (!response.events().empty()) {
    // Somebody may wait for it.
    observer_->OnRevision(revision_);
  }
}

void EtcdResourceStore::TellStale(const absl::Status& reason) {
  stale_ = true;
  observer_->OnStale(reason);
  const std::lock_guard<std::mutex> lock(mutex_);
  tried_ = true;
  changed_.notify_all();
}

bool EtcdResourceStore::Pause(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration),
                    [this] { return stopping_; });
  return !stopping_;
}

}  // namespace sluice::policy
