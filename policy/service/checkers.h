#ifndef POLICY_SERVICE_CHECKERS_H_
#define POLICY_SERVICE_CHECKERS_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/answer_cache.h"
#include "policy/service/checker_options.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// Asks checkers on behalf of rules with external_check, and remembers what they
// say. What no checker has allowed is denied. Thread-safe.
class Checkers {
 public:
  using Callback = std::function<void(const v1::CheckResponse&)>;

  struct Limits {
    // Remembered answers; the oldest is forgotten for a new one.
    size_t max_answers = 10'000;
    // Questions that are on their way, of all clients and of one subject, or
    // key where the token names no subject, or address without a token; more
    // are denied.
    size_t max_questions = 10'000;
    size_t max_questions_each = 1'000;
  };

  // Names are unique.
  Checkers(const std::vector<CheckerOptions>& options, Clock clock)
      : Checkers(options, std::move(clock), Limits()) {}
  Checkers(const std::vector<CheckerOptions>& options, Clock clock,
           const Limits& limits);
  // Cancels what is under way, and waits until each callback has returned. Not
  // from a callback.
  ~Checkers();
  Checkers(const Checkers&) = delete;
  Checkers& operator=(const Checkers&) = delete;

  bool Has(absl::string_view name) const {
    return checkers_.find(name) != checkers_.end();
  }

  // `done` is called once, on any thread, maybe before this returns; the
  // answer's ttl is set. Calls with the same question, but for the client's
  // port, share one.
  void Check(const v1::CheckRequest& request, Callback done);

 private:
  struct Checker {
    CheckerOptions options;
    std::unique_ptr<v1::CheckService::Stub> stub;
  };
  // A question that is on its way.
  struct Question {
    std::unique_ptr<grpc::ClientContext> context =
        std::make_unique<grpc::ClientContext>();
    std::string key;
    std::string asker;
    v1::CheckRequest request;
    v1::CheckResponse response;
    const Checker* checker;
    std::vector<Callback> waiting;
  };

  // Whether one more of its questions may be asked. mutex_ is held.
  bool HasRoomFor(absl::string_view asker) const;
  void Ask(const std::shared_ptr<Question>& question);
  void OnAnswer(const std::shared_ptr<Question>& question,
                const grpc::Status& status);

  const Clock clock_;
  const Limits limits_;
  std::map<std::string, Checker, std::less<>> checkers_;

  std::mutex mutex_;
  std::condition_variable idle_;
  bool stopping_ = false;
  size_t running_ = 0;  // questions whose callbacks have not returned
  absl::flat_hash_map<std::string, std::shared_ptr<Question>> under_way_;
  absl::flat_hash_map<std::string, size_t> under_way_of_;  // by asker
  AnswerCache<v1::CheckResponse> answers_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_CHECKERS_H_
