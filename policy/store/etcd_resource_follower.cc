#include "policy/store/etcd_resource_follower.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/store/etcd_request.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using SteadyClock = std::chrono::steady_clock;

// Between a stream that broke and the next, while etcd is away.
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Milliseconds(500);

// Between two questions, and how long the answer to one may take.
constexpr auto kAskEvery = std::chrono::milliseconds(500);
constexpr auto kMaxAnswerTime = std::chrono::milliseconds(700);

absl::Status BehindError() {
  return absl::UnavailableError("etcd does not tell what has changed");
}

// Whether the watch ends with this, and why. OK: what happened meanwhile is not
// there any more; what there is, is.
bool IsEnd(const WatchResponse& response, absl::Status* reason) {
  if (response.compact_revision() != 0) {
    *reason = absl::OkStatus();
    return true;
  }
  if (response.canceled()) {
    *reason = absl::UnavailableError(
        absl::StrCat("etcd: ", response.cancel_reason()));
    return true;
  }
  return false;
}

}  // namespace

EtcdResourceFollower::EtcdResourceFollower(std::shared_ptr<EtcdClient> client,
                                           EtcdResourceKeys keys, Clock clock,
                                           ResourceObserverInterface* observer)
    : client_(std::move(client)),
      keys_(std::move(keys)),
      clock_(std::move(clock)),
      observer_(observer),
      following_([this] { Run(); }),
      asking_([this] { Watch(); }) {}

EtcdResourceFollower::~EtcdResourceFollower() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (watch_ != nullptr) watch_->TryCancel();
  }
  changed_.notify_all();
  following_.join();
  asking_.join();
}

void EtcdResourceFollower::AwaitFirst() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return tried_; });
}

void EtcdResourceFollower::Run() {
  absl::Duration pause = kFirstPause;
  for (;;) {
    bool had_caught_up = false;
    const absl::Status status = Follow(&had_caught_up);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
    }
    if (status.ok()) continue;
    if (had_caught_up) {
      // What was told is good for a while, and so is another member.
      pause = kFirstPause;
    } else {
      TellStale(status);
    }
    if (!Pause(pause)) return;
    pause = std::min(2 * pause, kLongestPause);
  }
}

absl::Status EtcdResourceFollower::Follow(bool* had_caught_up) {
  grpc::ClientContext context;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return absl::OkStatus();
    watch_ = &context;
  }
  size_t member = 0;
  const absl::StatusOr<std::unique_ptr<EtcdClient::WatchStream>> stream =
      client_->Watch(&context, &member);
  absl::Status reason = stream.status();
  if (stream.ok()) {
    reason = TellAll(stream->get());
    context.TryCancel();
    const grpc::Status status = (*stream)->Finish();
    if (!reason.ok() && !status.error_message().empty() &&
        status.error_code() != grpc::StatusCode::CANCELLED) {
      reason = absl::UnavailableError(
          absl::StrCat("etcd: ", status.error_message()));
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  watch_ = nullptr;
  if (proof_.IsStuck(SteadyClock::now())) {
    reason = BehindError();
    client_->Leave(member);
  }
  *had_caught_up = proof_.has_caught_up();
  proof_.OnEnd();
  return reason;
}

// The watch is there before what there is is read. Were it the other way round,
// an older state that was put back between the two, and had come to the same
// revision by other writes, would not be told from the one that was read. For
// the same reason no watch goes on where another has ended.
absl::Status EtcdResourceFollower::TellAll(EtcdClient::WatchStream* stream) {
  absl::Status reason = absl::UnavailableError("etcd ended the watch");
  if (!Create(stream, &reason)) return reason;
  absl::Status status = TellSnapshot();
  if (!status.ok()) return status;
  const absl::StatusOr<WatchProof::Reading> goal = Look();
  if (!goal.ok()) return goal.status();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    proof_.OnFollowed(*goal, SteadyClock::now());
  }
  TellFresh();
  LetBeAsked(stream);
  WatchResponse response;
  while (stream->Read(&response) && Take(response, &reason)) {
  }
  LetBeAsked(nullptr);
  return reason;
}

bool EtcdResourceFollower::Create(EtcdClient::WatchStream* stream,
                                  absl::Status* reason) {
  WatchRequest request;
  auto* create = request.mutable_create_request();
  create->set_key(keys_.prefix());
  create->set_range_end(EtcdPrefixEnd(keys_.prefix()));
  create->set_progress_notify(true);
  create->set_prev_kv(true);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    proof_.OnBegin(SteadyClock::now());
  }
  stream->Write(request);
  WatchResponse response;
  if (!stream->Read(&response) || IsEnd(response, reason) ||
      !response.created()) {
    return false;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  proof_.OnCreated();
  return true;
}

absl::Status EtcdResourceFollower::TellSnapshot() {
  const auto asked_at = SteadyClock::now();
  std::vector<Resource> resources;
  int64_t keys = 0;
  RangeRequest range = EtcdPrefix(keys_.prefix());
  range.set_limit(kResourcePageSize);
  for (;;) {
    const absl::StatusOr<RangeResponse> page =
        client_->Range(range, client_->NewDeadline());
    if (!page.ok()) return page.status();
    // The pages are of one moment.
    if (range.revision() == 0) range.set_revision(page->header().revision());
    keys += page->kvs_size();
    for (const mvccpb::KeyValue& kv : page->kvs()) {
      std::optional<Resource> resource = keys_.ToResource(kv);
      if (resource.has_value()) resources.push_back(*std::move(resource));
    }
    if (!NextPage(*page, &range)) break;
  }
  const std::lock_guard<std::mutex> telling(telling_);
  is_stale_ = false;
  observer_->OnSnapshot(range.revision(), std::move(resources));
  snapshot_ = range.revision();
  const std::lock_guard<std::mutex> lock(mutex_);
  proof_.OnSnapshot(range.revision(), keys, asked_at);
  tried_ = true;
  changed_.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<WatchProof::Reading> EtcdResourceFollower::Look() {
  WatchProof::Reading reading;
  reading.asked_at = SteadyClock::now();
  RangeRequest latest = EtcdPrefix(keys_.prefix());
  latest.set_sort_target(RangeRequest::MOD);
  latest.set_sort_order(RangeRequest::DESCEND);
  latest.set_limit(1);
  latest.set_keys_only(true);
  const absl::StatusOr<RangeResponse> found =
      client_->Range(latest, client_->NewDeadline());
  if (!found.ok()) return found.status();
  reading.revision = found->header().revision();
  reading.keys = found->count();
  if (!found->kvs().empty()) {
    reading.last_written = found->kvs(0).mod_revision();
  }
  return reading;
}

bool EtcdResourceFollower::Take(const WatchResponse& response,
                                absl::Status* reason) {
  if (IsEnd(response, reason)) return false;
  if (response.watch_id() < 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    proof_.OnProgress(response.header().revision(), SteadyClock::now());
  } else {
    Tell(response);
  }
  TellFresh();
  return true;
}

void EtcdResourceFollower::Tell(const WatchResponse& response) {
  std::vector<ResourceChange> changes;
  int64_t more_keys = 0;
  for (const mvccpb::Event& event : response.events()) {
    if (event.kv().mod_revision() <= snapshot_) continue;
    ResourceChange change;
    change.deleted = event.type() == mvccpb::Event::DELETE;
    if (change.deleted) {
      --more_keys;
    } else if (event.kv().version() == 1) {
      ++more_keys;
    }
    // A deleted key's value is empty.
    std::optional<Resource> resource = keys_.ToResource(event.kv());
    if (!resource.has_value()) continue;
    if (change.deleted) {
      const std::optional<Resource> before = keys_.ToResource(event.prev_kv());
      if (before.has_value() && before->expires_at <= clock_()) continue;
      resource->expires_at = absl::InfiniteFuture();
    }
    change.resource = *std::move(resource);
    changes.push_back(std::move(change));
  }
  // Without events: nothing up to here.
  const int64_t revision =
      response.events().empty()
          ? response.header().revision()
          : response.events(response.events_size() - 1).kv().mod_revision();
  if (!response.events().empty() && revision > snapshot_) {
    const std::lock_guard<std::mutex> telling(telling_);
    const bool told_last =
        !changes.empty() && changes.back().resource.revision == revision;
    if (!changes.empty()) observer_->OnChanges(std::move(changes));
    // Somebody may wait for it.
    if (!told_last) observer_->OnRevision(revision);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  proof_.OnChanges(revision, more_keys, SteadyClock::now());
}

bool EtcdResourceFollower::Pause(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoMilliseconds(duration),
                    [this] { return stopping_; });
  return !stopping_;
}

void EtcdResourceFollower::Watch() {
  for (;;) {
    bool is_followed = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait_for(lock, kAskEvery, [this] { return stopping_; });
      if (stopping_) return;
      is_followed = proof_.is_followed();
    }
    if (is_followed) Ask();
    Judge();
  }
}

void EtcdResourceFollower::Ask() {
  // The read may take its time, and the watch is to say something meanwhile.
  AskWatch();
  const auto asked_at = SteadyClock::now();
  int64_t known_before = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known_before = proof_.revision();
  }
  TxnRequest look;
  AddRange(EtcdKey(keys_.id()), &look);
  const absl::StatusOr<TxnResponse> found = client_->Txn(
      look, std::min(client_->NewDeadline(),
                     std::chrono::system_clock::now() + kMaxAnswerTime));
  if (found.ok()) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      proof_.OnRead(found->header().revision(), asked_at);
      // An older state has been put back. What the watch has told meanwhile may
      // well be newer than the answer.
      if (found->header().revision() < known_before) EndWatch();
    }
    AskWatch();
  } else if (found.status().code() == absl::StatusCode::kDataLoss) {
    const std::lock_guard<std::mutex> lock(mutex_);
    EndWatch();
  }
  TellFresh();
}

void EtcdResourceFollower::LetBeAsked(EtcdClient::WatchStream* stream) {
  const std::lock_guard<std::mutex> writing(writing_);
  stream_ = stream;
}

void EtcdResourceFollower::AskWatch() {
  const std::lock_guard<std::mutex> writing(writing_);
  if (stream_ == nullptr) return;
  WatchRequest request;
  request.mutable_progress_request();
  stream_->Write(request);
}

void EtcdResourceFollower::Judge() {
  const std::lock_guard<std::mutex> telling(telling_);
  const auto now = SteadyClock::now();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (proof_.IsStuck(now)) EndWatch();
    if (is_stale_ || proof_.IsGood(now)) return;
  }
  is_stale_ = true;
  observer_->OnStale(BehindError());
}

void EtcdResourceFollower::TellStale(const absl::Status& reason) {
  const std::lock_guard<std::mutex> telling(telling_);
  is_stale_ = true;
  observer_->OnStale(reason);
  const std::lock_guard<std::mutex> lock(mutex_);
  tried_ = true;
  changed_.notify_all();
}

void EtcdResourceFollower::TellFresh() {
  const std::lock_guard<std::mutex> telling(telling_);
  if (!is_stale_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!proof_.has_caught_up() || !proof_.IsGood(SteadyClock::now())) return;
  }
  is_stale_ = false;
  observer_->OnFresh();
}

void EtcdResourceFollower::EndWatch() {
  if (watch_ != nullptr) watch_->TryCancel();
}

}  // namespace sluice::policy
