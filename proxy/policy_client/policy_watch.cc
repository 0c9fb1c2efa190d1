#include "proxy/policy_client/policy_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::policy_client {
namespace {

using Clock = WatchStream::Clock;

// Between the end of a stream and the next: the first is short, since a service
// that was restarted is back soon.
constexpr absl::Duration kFirstDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(2);

}  // namespace

PolicyWatch::PolicyWatch(std::shared_ptr<grpc::Channel> channel,
                         CompletionThread* completions, std::string proxy,
                         absl::Duration lost_after,
                         WatchObserverInterface* observer,
                         DecisionSourceInterface* decisions)
    : channel_(std::move(channel)),
      stub_(policy::v1::PolicyService::NewStub(channel_)),
      lost_after_(lost_after),
      context_{stub_.get(), completions, std::move(proxy), observer, decisions},
      thread_([this] { Run(); }) {}

PolicyWatch::~PolicyWatch() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) stream_->Stop();
  }
  wakeup_.notify_all();
  thread_.join();
}

void PolicyWatch::Run() {
  absl::Duration delay = kFirstDelay;
  Clock::time_point ended_at = Clock::now();
  for (;;) {
    const auto stream = std::make_shared<WatchStream>(context_, &told_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      stream_ = stream;
    }
    const bool was_current =
        stream->Run(ended_at + absl::ToChronoNanoseconds(lost_after_),
                    [&] { TellIfLost(lost_after_); });
    failure_ = stream->problem();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stream_.reset();
    }
    if (was_current) {
      ended_at = Clock::now();
      may_be_lost_ = true;
    }
    delay = was_current ? kFirstDelay : std::min(2 * delay, kLongestDelay);
    // It may come to be lost while the next stream is waited for.
    const absl::Duration until_lost =
        lost_after_ - absl::FromChrono(Clock::now() - ended_at);
    const absl::Duration first =
        std::min(delay, std::max(until_lost, absl::ZeroDuration()));
    if (!Wait(first)) return;
    TellIfLost(absl::FromChrono(Clock::now() - ended_at));
    if (!Wait(delay - first)) return;
  }
}

void PolicyWatch::TellIfLost(absl::Duration away) {
  if (!may_be_lost_ || away < lost_after_) return;
  may_be_lost_ = false;
  context_.observer->OnWatchLost(failure_);
}

bool PolicyWatch::Wait(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  wakeup_.wait_for(lock, absl::ToChronoNanoseconds(duration),
                   [this] { return stopping_; });
  return !stopping_;
}

}  // namespace sluice::policy_client
