#include "proxy/session/effects.h"

#include <utility>

#include "absl/base/optimization.h"

namespace sluice::session {
namespace {

// Of one large packet that was rewritten, no memory stays.
constexpr size_t kMaxKeptBytes = 256 * 1024;

}  // namespace

void Effects::Clear() {
  list_.clear();
  sends_to_broker_ = false;
  if (ABSL_PREDICT_FALSE(arena_.size() > kMaxKeptBytes)) {
    std::string().swap(arena_);
  } else {
    arena_.clear();
  }
  authenticate_.clear();
  store_token_.clear();
  check_.clear();
}

ByteView Effects::bytes(const Effect& effect) const {
  if (effect.forwarded) return effect.run;
  return AsBytes(
      absl::string_view(arena_).substr(effect.offset, effect.length));
}

void Effects::Forward(Effect::Kind kind, ByteView run) {
  if (!list_.empty()) {
    Effect& last = list_.back();
    if (last.kind == kind && last.forwarded &&
        last.run.data() + last.run.size() == run.data()) {
      last.run = ByteView(last.run.data(), last.run.size() + run.size());
      return;
    }
  }
  Effect effect;
  effect.kind = kind;
  effect.forwarded = true;
  effect.run = run;
  list_.push_back(effect);
  sends_to_broker_ = sends_to_broker_ || kind == Effect::Kind::kSendToBroker;
}

void Effects::Send(Effect::Kind kind, absl::string_view built) {
  if (built.empty()) return;
  Effect effect;
  effect.kind = kind;
  effect.offset = arena_.size();
  effect.length = built.size();
  arena_.append(built.data(), built.size());
  list_.push_back(effect);
  sends_to_broker_ = sends_to_broker_ || kind == Effect::Kind::kSendToBroker;
}

template <typename Request>
void Effects::Ask(Effect::Kind kind, uint64_t request_id,
                  std::unique_ptr<Request> request,
                  std::vector<std::unique_ptr<Request>>* requests) {
  Add(kind);
  list_.back().request_id = request_id;
  list_.back().request_index = requests->size();
  requests->push_back(std::move(request));
}

void Effects::Authenticate(
    uint64_t request_id,
    std::unique_ptr<policy::v1::AuthenticateRequest> request) {
  Ask(Effect::Kind::kAuthenticate, request_id, std::move(request),
      &authenticate_);
}

void Effects::StoreToken(
    uint64_t request_id,
    std::unique_ptr<policy::v1::StoreTokenRequest> request) {
  Ask(Effect::Kind::kStoreToken, request_id, std::move(request), &store_token_);
}

void Effects::Check(uint64_t request_id,
                    std::unique_ptr<policy::v1::CheckRequest> request) {
  Ask(Effect::Kind::kCheck, request_id, std::move(request), &check_);
}

void Effects::Add(Effect::Kind kind) {
  Effect effect;
  effect.kind = kind;
  list_.push_back(effect);
}

void Effects::ConnectUpstream() { Add(Effect::Kind::kConnectUpstream); }

void Effects::SetTimer(absl::Time deadline) {
  Add(Effect::Kind::kSetTimer);
  list_.back().deadline = deadline;
}

void Effects::ClearTimer() { Add(Effect::Kind::kClearTimer); }

void Effects::Close() { Add(Effect::Kind::kClose); }

}  // namespace sluice::session
