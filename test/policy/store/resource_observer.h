#ifndef TEST_POLICY_STORE_RESOURCE_OBSERVER_H_
#define TEST_POLICY_STORE_RESOURCE_OBSERVER_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/store/resource_store.h"

namespace sluice::policy {

// Keeps what a store tells, and fails the test where it breaks the contract.
class ResourceObserver : public ResourceObserverInterface {
 public:
  void OnSnapshot(int64_t revision, std::vector<Resource> resources) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_GE(revision, revision_);
    revision_ = revision;
    stale_ = false;
    ++snapshots_;
    values_.clear();
    for (const Resource& resource : resources) {
      EXPECT_LE(resource.revision, revision);
      EXPECT_GT(resource.revision, 0);
      EXPECT_TRUE(values_.emplace(NameOf(resource), resource.value).second);
    }
    told_.notify_all();
  }

  void OnChanges(std::vector<ResourceChange> changes) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_GT(snapshots_, 0);
    for (const ResourceChange& change : changes) {
      EXPECT_GT(change.resource.revision, revision_);
      revision_ = change.resource.revision;
      const std::string name = NameOf(change.resource);
      history_.push_back(absl::StrCat(change.deleted ? "-" : "+", name,
                                      change.deleted ? "" : "=",
                                      change.resource.value));
      if (change.deleted) {
        EXPECT_EQ(values_.erase(name), 1u) << name;
      } else {
        values_[name] = change.resource.value;
      }
    }
    told_.notify_all();
  }

  void OnRevision(int64_t revision) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_GT(revision, revision_);
    revision_ = revision;
    told_.notify_all();
  }

  void OnStale(const absl::Status& reason) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_FALSE(reason.ok());
    stale_ = true;
    ++times_stale_;
    reason_ = reason.code();
    told_.notify_all();
  }

  void OnFresh() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_GT(snapshots_, 0);
    EXPECT_TRUE(stale_);
    stale_ = false;
    told_.notify_all();
  }

  // Waits until the store has told of `revision`, or of a later one.
  void WaitFor(int64_t revision) {
    Wait([this, revision] { return revision_ >= revision; });
  }
  void WaitUntilStale() {
    Wait([this] { return stale_; });
  }
  void WaitUntilStaleFor(absl::StatusCode reason) {
    Wait([this, reason] { return stale_ && reason_ == reason; });
  }
  void WaitUntilFresh() {
    Wait([this] { return snapshots_ > 0 && !stale_; });
  }

  // "collection/id" to value, as told so far.
  std::map<std::string, std::string> values() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return values_;
  }
  // The changes so far: "+collection/id=value", "-collection/id".
  std::vector<std::string> history() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return history_;
  }
  int snapshots() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return snapshots_;
  }
  int times_stale() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return times_stale_;
  }
  int64_t revision() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return revision_;
  }

 private:
  static std::string NameOf(const Resource& resource) {
    return absl::StrCat(resource.collection, "/", resource.id);
  }

  void Wait(const std::function<bool()>& done) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(told_.wait_for(lock, std::chrono::seconds(20), done));
  }

  std::mutex mutex_;
  std::condition_variable told_;
  absl::StatusCode reason_ = absl::StatusCode::kOk;  // it is stale for
  std::map<std::string, std::string> values_;
  std::vector<std::string> history_;
  int64_t revision_ = 0;
  int snapshots_ = 0;
  int times_stale_ = 0;
  bool stale_ = false;
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_STORE_RESOURCE_OBSERVER_H_
