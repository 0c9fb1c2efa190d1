#include "policy/service/jwks_fetcher.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

bool SamePlace(const JwksSource& a, const JwksSource& b) {
  return a.issuer == b.issuer && a.url == b.url && a.ca == b.ca;
}

// The keys in a response; the message of a failure is for the log.
absl::StatusOr<ace::JwkSet> ReadKeys(
    const absl::StatusOr<http::HttpResponse>& response) {
  if (!response.ok()) return response.status();
  if (response->status != http::kHttpOk) {
    return absl::UnavailableError(
        absl::StrCat("HTTP status ", response->status));
  }
  absl::StatusOr<ace::JwkSet> keys =
      ace::JwkSet::ParsePublished(response->body);
  if (!keys.ok()) return keys;
  if (keys->keys().empty()) {
    return absl::InvalidArgumentError(
        keys->skipped().empty()
            ? "no key"
            : absl::StrCat("no key that can be used: ", keys->skipped()[0]));
  }
  for (const ace::Jwk& key : keys->keys()) {
    if (key.type() == ace::KeyType::kSymmetric) {
      return absl::InvalidArgumentError("a symmetric key is published");
    }
  }
  return keys;
}

}  // namespace

JwksFetcher::JwksFetcher(http::HttpClientInterface* http,
                         JwksObserverInterface* observer, Clock clock)
    : http_(http), observer_(observer), clock_(std::move(clock)) {}

void JwksFetcher::SetSources(std::vector<JwksSource> sources) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::shared_ptr<State>> states;
  for (JwksSource& source : sources) {
    std::shared_ptr<State> state = Find(source.issuer);
    if (state == nullptr || !SamePlace(state->source, source)) {
      state = std::make_shared<State>();
    } else {
      state->due = std::min(state->due, clock_() + source.refresh);
    }
    state->source = std::move(source);
    states.push_back(std::move(state));
  }
  for (const std::shared_ptr<State>& state : states_) state->dropped = true;
  for (const std::shared_ptr<State>& state : states) state->dropped = false;
  states_ = std::move(states);
}

bool JwksFetcher::has_sources() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return !states_.empty();
}

absl::Duration JwksFetcher::Poll() {
  const absl::Time now = clock_();
  absl::Time next = absl::InfiniteFuture();
  std::vector<std::shared_ptr<State>> due;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<State>& state : states_) {
      // Where the clock was set back, what is due is too far away.
      if (state->due <= now ||
          state->due - now > std::max(state->source.refresh, kRetry)) {
        // The answer will say better.
        state->due = now + std::min(state->source.refresh, kRetry);
        if (!state->reading) {
          state->reading = true;
          due.push_back(state);
        }
      }
      next = std::min(next, state->due);
    }
  }
  for (const std::shared_ptr<State>& state : due) Read(state);
  return next - now;
}

void JwksFetcher::ReadEarly(absl::string_view issuer,
                            std::function<void()> done) {
  std::shared_ptr<State> state;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    state = Find(issuer);
    if (state != nullptr && state->reading) {
      state->waiting.push_back(std::move(done));
      return;
    }
    const absl::Time now = clock_();
    if (state != nullptr &&
        absl::AbsDuration(now - state->last_early) >= kEarlyInterval) {
      state->last_early = now;
      state->reading = true;
      state->waiting.push_back(std::move(done));
    } else {
      state = nullptr;
    }
  }
  if (state == nullptr) return done();
  Read(state);
}

std::optional<ace::JwkSet> JwksFetcher::Keys(absl::string_view issuer) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const std::shared_ptr<State> state = Find(issuer);
  return state == nullptr ? std::nullopt : state->keys;
}

std::shared_ptr<JwksFetcher::State> JwksFetcher::Find(
    absl::string_view issuer) const {
  const auto found = std::find_if(
      states_.begin(), states_.end(),
      [issuer](const auto& state) { return state->source.issuer == issuer; });
  return found == states_.end() ? nullptr : *found;
}

void JwksFetcher::Read(const std::shared_ptr<State>& state) {
  http::HttpRequest request;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    request.url = state->source.url;
    request.ca = state->source.ca;
  }
  request.accept = "application/jwk-set+json, application/json";
  http_->Send(std::move(request),
              [self = shared_from_this(), state](auto response) {
                self->OnResponse(state, response);
              });
}

void JwksFetcher::OnResponse(
    const std::shared_ptr<State>& state,
    const absl::StatusOr<http::HttpResponse>& response) {
  const absl::StatusOr<ace::JwkSet> keys = ReadKeys(response);
  std::vector<std::function<void()>> waiting;
  std::string issuer;
  bool changed = false;
  bool dropped = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    issuer = state->source.issuer;
    dropped = state->dropped;
    const absl::Duration refresh = state->source.refresh;
    state->due = clock_() + (keys.ok() ? refresh : std::min(refresh, kRetry));
    if (keys.ok()) {
      changed = !state->keys.has_value() || state->body != response->body;
      state->keys = *keys;
      state->body = response->body;
    }
  }
  if (changed && !dropped) observer_->OnKeys(issuer, *keys);
  if (!keys.ok() && !dropped) {
    observer_->OnFailure(issuer, keys.status().message());
  }
  {
    // Not before the observer has the keys: who asks now must not wait for a
    // reading that is over, nor be told of its end too early.
    std::lock_guard<std::mutex> lock(mutex_);
    state->reading = false;
    waiting.swap(state->waiting);
  }
  for (const std::function<void()>& done : waiting) done();
}

}  // namespace sluice::policy
