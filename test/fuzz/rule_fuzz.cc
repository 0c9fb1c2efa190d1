// A topic filter of a rule, and what a client calls itself, each on a line: the
// client gains nothing by it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "policy/rules/topic_template.h"
#include "proxy/base/bytes.h"
#include "test/policy/rules/template_bounds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::vector<std::string> lines =
      absl::StrSplit(AsString(ByteView(data, size)), absl::MaxSplits('\n', 2));
  if (lines.size() < 3 || !policy::TopicTemplate::Parse(lines[0]).ok()) {
    return 0;
  }
  policy::CheckBounds(lines[0], {lines[1], lines[2]});
  return 0;
}
