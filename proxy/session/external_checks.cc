#include "proxy/session/external_checks.h"

#include <algorithm>
#include <utility>

namespace sluice::session {
namespace {

bool IsAbout(const CheckQuestion& question, absl::string_view rule,
             CheckQuestion::About about, absl::string_view topic) {
  return question.about == about && question.topic == topic &&
         question.rule == rule;
}

}  // namespace

ExternalChecks::Answer ExternalChecks::Find(absl::string_view rule, About about,
                                            absl::string_view topic,
                                            absl::Time now) const {
  for (const Kept& kept : kept_) {
    if (!IsAbout(kept.question, rule, about, topic)) continue;
    if (!kept.pinned && now >= kept.until) continue;
    return kept.allowed ? Answer::kAllowed : Answer::kDenied;
  }
  return Answer::kUnknown;
}

bool ExternalChecks::IsAsked(absl::string_view rule, About about,
                             absl::string_view topic) const {
  return std::any_of(open_.begin(), open_.end(), [&](const Open& open) {
    return IsAbout(open.question, rule, about, topic);
  });
}

void ExternalChecks::Ask(uint64_t request_id, CheckQuestion question) {
  holding_ += question.shadow ? 0 : 1;
  open_.push_back({request_id, std::move(question)});
}

absl::optional<CheckQuestion> ExternalChecks::Take(uint64_t request_id) {
  const auto found = std::find_if(
      open_.begin(), open_.end(),
      [request_id](const Open& open) { return open.request_id == request_id; });
  if (found == open_.end()) return absl::nullopt;
  holding_ -= found->question.shadow ? 0 : 1;
  CheckQuestion question = std::move(found->question);
  open_.erase(found);
  return question;
}

void ExternalChecks::Remember(const CheckQuestion& question, bool allowed,
                              absl::Time until) {
  const auto same = [&question](const Kept& kept) {
    return IsAbout(kept.question, question.rule, question.about,
                   question.topic);
  };
  const auto old = std::find_if(kept_.begin(), kept_.end(), same);
  if (old != kept_.end()) {
    pinned_ -= old->pinned ? 1 : 0;
    kept_.erase(old);
  }
  kept_.push_back({question, allowed, until, !question.shadow});
  pinned_ += question.shadow ? 0 : 1;
  if (pinned_ == 0) Unpin(absl::InfinitePast());
}

void ExternalChecks::Unpin(absl::Time now) {
  pinned_ = 0;
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                             [now](Kept& kept) {
                               kept.pinned = false;
                               return now >= kept.until;
                             }),
              kept_.end());
  if (kept_.size() > kMaxKept) {
    kept_.erase(kept_.begin(), kept_.end() - kMaxKept);
  }
}

void ExternalChecks::OnClockSet(absl::Duration by) {
  for (Kept& kept : kept_) kept.until += by;
}

void ExternalChecks::Clear() {
  kept_.clear();
  open_.clear();
  pinned_ = 0;
  holding_ = 0;
}

}  // namespace sluice::session
