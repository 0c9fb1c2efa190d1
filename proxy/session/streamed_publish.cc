#include "proxy/session/streamed_publish.h"

#include <algorithm>

namespace sluice::session {

size_t StreamedPublish::TakePart(ByteView bytes, Effects* effects) {
  const ByteView part = bytes.first(std::min(bytes.size(), missing_));
  if (passes_ && !part.empty()) effects->Forward(to_, part);
  missing_ -= part.size();
  if (missing_ == 0) {
    effects->Send(to_, waiting_);
    std::string().swap(waiting_);
    message_.reset();
  }
  return part.size();
}

void StreamedPublish::Send(absl::string_view packet, Effects* effects) {
  if (missing_ > 0 && passes_) {
    waiting_.append(packet.data(), packet.size());
  } else {
    effects->Send(to_, packet);
  }
}

}  // namespace sluice::session
