// Any bytes: the unframer's answers agree with each other however the bytes
// arrive.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "proxy/base/bytes.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {
namespace {

using Kind = UnframeResult::Kind;

constexpr size_t kLimits[] = {2, 5, 64, 268435455};

void Check(bool condition) {
  if (!condition) std::abort();
}

void CheckFrame(const Frame& frame, ByteView input, size_t limit) {
  Check(static_cast<int>(frame.type) >= 1 &&
        static_cast<int>(frame.type) <= 15);
  Check(frame.flags <= 0x0f);
  Check(frame.whole.data() == input.data());
  Check(frame.whole.size() <= input.size() && frame.whole.size() <= limit);
  Check(frame.body.size() + 2 <= frame.whole.size());
  Check(frame.body.data() + frame.body.size() ==
        frame.whole.data() + frame.whole.size());
}

// Byte by byte: kNeedMore until `whole` gives its answer, and no other one.
void CheckPrefixes(ByteView input, size_t limit, const UnframeResult& whole) {
  const size_t end =
      whole.kind == Kind::kFrame ? whole.frame.whole.size() : input.size();
  for (size_t size = 0; size < end; ++size) {
    const UnframeResult part = Unframe(input.first(size), limit);
    if (part.kind == Kind::kError) {
      Check(whole.kind == Kind::kError && part.error == whole.error);
      return;
    }
    Check(part.kind == Kind::kNeedMore);
    Check(part.need == 0 || (part.need > size && part.need <= limit));
    if (whole.kind == Kind::kFrame) Check(part.need == 0 || part.need == end);
  }
}

void TakeApart(ByteView input, size_t limit) {
  while (true) {
    const UnframeResult result = Unframe(input, limit);
    CheckPrefixes(input, limit, result);
    if (result.kind != Kind::kFrame) return;
    CheckFrame(result.frame, input, limit);
    input.remove_prefix(result.frame.whole.size());
  }
}

}  // namespace
}  // namespace sluice::mqtt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  for (const size_t limit : sluice::mqtt::kLimits) {
    sluice::mqtt::TakeApart(sluice::ByteView(data, size), limit);
  }
  return 0;
}
