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
                                            absl::Time now,
                                            absl::Time* until) const {
  for (const Kept& kept : kept_) {
    if (!IsAbout(kept.question, rule, about, topic)) continue;
    if (!kept.pinned && now >= kept.until) continue;
    if (!kept.allowed) return Answer::kDenied;
    if (until != nullptr) *until = std::min(*until, kept.until);
    return Answer::kAllowed;
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
  Of(SideOf(question)).holding += question.shadow ? 0 : 1;
  open_bytes_ += SizeOf(question);
  open_.push_back({request_id, std::move(question)});
}

absl::optional<CheckQuestion> ExternalChecks::Take(uint64_t request_id) {
  const auto found = std::find_if(
      open_.begin(), open_.end(),
      [request_id](const Open& open) { return open.request_id == request_id; });
  if (found == open_.end()) return absl::nullopt;
  Of(SideOf(found->question)).holding -= found->question.shadow ? 0 : 1;
  for (Packet& packet : packets_) packet.awaits_room = false;
  CheckQuestion question = std::move(found->question);
  open_bytes_ -= SizeOf(question);
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
  size_t& pinned = Of(SideOf(question)).pinned;
  if (old != kept_.end()) {
    pinned -= old->pinned ? 1 : 0;
    bytes_ -= SizeOf(old->question);
    kept_.erase(old);
  }
  kept_.push_back({question, allowed, until, !question.shadow});
  bytes_ += SizeOf(question);
  pinned += question.shadow ? 0 : 1;
  if (pinned == 0) Trim(absl::InfinitePast());
}

void ExternalChecks::Unpin(Side side, absl::Time now) {
  Of(side).pinned = 0;
  for (Kept& kept : kept_) {
    if (SideOf(kept.question) == side) kept.pinned = false;
  }
  Trim(now);
}

void ExternalChecks::Trim(absl::Time now) {
  size_t unpinned = static_cast<size_t>(
      std::count_if(kept_.begin(), kept_.end(),
                    [](const Kept& kept) { return !kept.pinned; }));
  kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                             [&](const Kept& kept) {
                               const bool goes =
                                   !kept.pinned &&
                                   (now >= kept.until || unpinned > kMaxKept ||
                                    bytes_ > kMaxKeptBytes);
                               if (goes) {
                                 --unpinned;
                                 bytes_ -= SizeOf(kept.question);
                               }
                               return goes;
                             }),
              kept_.end());
}

void ExternalChecks::OnClockSet(absl::Duration by) {
  for (Kept& kept : kept_) kept.until += by;
}

void ExternalChecks::Clear() {
  kept_.clear();
  bytes_ = 0;
  open_.clear();
  open_bytes_ = 0;
  packets_ = {};
}

}  // namespace sluice::session
