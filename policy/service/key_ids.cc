#include "policy/service/key_ids.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/utf8.h"

namespace sluice::policy {
namespace {

bool IsText(absl::string_view bytes) {
  return mqtt::IsValidUtf8(bytes) &&
         std::none_of(bytes.begin(), bytes.end(), [](char c) {
           return absl::ascii_iscntrl(static_cast<unsigned char>(c));
         });
}

}  // namespace

std::vector<std::string> KeyIdsOf(const ace::PopKey& key) {
  std::vector<std::string> ids = {key.thumbprint()};
  const absl::string_view kid = key.kid();
  if (!kid.empty() && kid != key.thumbprint()) {
    ids.push_back(IsText(kid) ? std::string(kid) : absl::BytesToHexString(kid));
  }
  return ids;
}

}  // namespace sluice::policy
