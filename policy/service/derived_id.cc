#include "policy/service/derived_id.h"

#include "absl/strings/escaping.h"
#include "policy/ace/digest.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {

std::string DerivedId(absl::string_view text) {
  const std::string hash = ace::Sha256(AsBytes(text));
  return absl::BytesToHexString(absl::string_view(hash).substr(0, 16));
}

}  // namespace sluice::policy
