#ifndef PROXY_SESSION_STREAMED_PUBLISH_H_
#define PROXY_SESSION_STREAMED_PUBLISH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/string_view.h"
#include "proxy/authz/rule.h"
#include "proxy/base/bytes.h"
#include "proxy/session/effects.h"

namespace sluice::session {

// One direction, in which a PUBLISH that is too large to be kept goes on, once
// it has been judged by what stands before its payload, as it comes. What the
// session itself has to send that way waits for its end.
class StreamedPublish {
 public:
  // `to`: kSendToClient or kSendToBroker.
  explicit StreamedPublish(Effect::Kind to) : to_(to) {}

  // Of the one at hand, `missing` bytes are to come (0: it is whole), which are
  // passed on.
  void Pass(size_t missing) {
    missing_ = missing;
    passes_ = true;
  }
  // The same, but they are dropped.
  void Drop(size_t missing) {
    missing_ = missing;
    passes_ = false;
    message_.reset();
  }
  bool is_under_way() const { return missing_ > 0; }

  // By what one that passes was judged.
  struct Message {
    std::string topic;
    authz::MessageFacts facts;
  };
  // Keeps it until all of the one at hand has passed.
  void Remember(Message message) {
    message_ = absl::make_unique<Message>(std::move(message));
  }
  // Null: none passes.
  const Message* passing() const { return message_.get(); }

  // Passes on or drops what of `bytes` is still of it; returns how much.
  size_t Take(ByteView bytes, Effects* effects) {
    return is_under_way() ? TakePart(bytes, effects) : 0;
  }

  // Sends a packet now, or when the one at hand is through.
  void Send(absl::string_view packet, Effects* effects);
  // Bytes of packets that wait.
  size_t waiting() const { return waiting_.size(); }

 private:
  size_t TakePart(ByteView bytes, Effects* effects);

  const Effect::Kind to_;
  bool passes_ = false;
  size_t missing_ = 0;
  std::string waiting_;
  std::unique_ptr<Message> message_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_STREAMED_PUBLISH_H_
