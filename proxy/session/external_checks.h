#ifndef PROXY_SESSION_EXTERNAL_CHECKS_H_
#define PROXY_SESSION_EXTERNAL_CHECKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice::session {

// What a checker is asked: whether the rule of that name lets a topic be
// published to, a filter be subscribed to, or a message to a topic be delivered
// for which it let no subscription pass.
struct CheckQuestion {
  enum class About : uint8_t { kPublish, kSubscribe, kDeliver };
  std::string rule;
  About about = About::kPublish;
  std::string topic;
  // Nothing waits for the answer.
  bool shadow = false;
};

// What checkers have said about one client's topics, for as long as it counts,
// and what they are being asked.
//
// A packet that needs answers is held, one of each side's at most: it is judged
// again when they are there. Until it has been, they count whatever their time,
// so that it is not asked about for ever.
class ExternalChecks {
 public:
  using About = CheckQuestion::About;
  enum class Answer : uint8_t { kUnknown, kAllowed, kDenied };
  // Whose packet waits for an answer.
  enum class Side : uint8_t { kClient, kBroker };

  // Questions that may be open at once; of shadow rules, half as many.
  static constexpr size_t kMaxOpen = 8;
  // Answers that are kept beyond the packet that they were asked for, and the
  // bytes of the topics and rules of all, those that it needs included.
  static constexpr size_t kMaxKept = 64;
  static constexpr size_t kMaxKeptBytes = 256 * 1024;

  static Side SideOf(About about) {
    return about == About::kDeliver ? Side::kBroker : Side::kClient;
  }

  // What is known at `now`. `until`, if it is not null and this is kAllowed,
  // becomes no later than the end of the answer.
  Answer Find(absl::string_view rule, About about, absl::string_view topic,
              absl::Time now, absl::Time* until = nullptr) const;

  bool IsAsked(absl::string_view rule, About about,
               absl::string_view topic) const;
  bool HasRoom(bool shadow) const {
    return open_.size() < (shadow ? kMaxOpen / 2 : kMaxOpen);
  }
  // A packet of that side needs an answer for which HasRoom() is false: it is
  // held, too, until another question is answered.
  void AwaitRoom(Side side) { Of(side).awaits_room = true; }
  // `request_id` is not 0.
  void Ask(uint64_t request_id, CheckQuestion question);
  // The question, which is answered now; nullopt where it is none of these.
  absl::optional<CheckQuestion> Take(uint64_t request_id);
  void Remember(const CheckQuestion& question, bool allowed, absl::Time until);

  // Whether a packet of that side is held.
  bool IsHolding(Side side) const {
    return Of(side).holding > 0 || Of(side).awaits_room;
  }
  // That side's packet at hand has been judged.
  void EndPacket(Side side, absl::Time now) {
    if (Of(side).pinned > 0) Unpin(side, now);
  }
  // The clock was set: answers count for as long as they would have.
  void OnClockSet(absl::Duration by);
  // The rules have changed: all is asked again.
  void Clear();

  // What topics and rules take that answers are kept of, or awaited.
  size_t bytes() const { return bytes_ + open_bytes_; }

 private:
  struct Kept {
    CheckQuestion question;
    bool allowed;
    absl::Time until;
    bool pinned;  // the packet at hand was held for it
  };
  struct Open {
    uint64_t request_id;
    CheckQuestion question;
  };

  struct Packet {
    size_t pinned = 0;   // of kept_
    size_t holding = 0;  // of open_, those that it waits for
    bool awaits_room = false;
  };

  static Side SideOf(const CheckQuestion& question) {
    return SideOf(question.about);
  }
  static size_t SizeOf(const CheckQuestion& question) {
    return question.topic.size() + question.rule.size();
  }
  Packet& Of(Side side) { return packets_[static_cast<size_t>(side)]; }
  const Packet& Of(Side side) const {
    return packets_[static_cast<size_t>(side)];
  }
  void Unpin(Side side, absl::Time now);
  // Forgets what counts no more at `now`, and what is too much.
  void Trim(absl::Time now);

  std::vector<Kept> kept_;  // oldest first
  size_t bytes_ = 0;        // of these
  std::vector<Open> open_;
  size_t open_bytes_ = 0;          // of those
  std::array<Packet, 2> packets_;  // by Side
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_EXTERNAL_CHECKS_H_
