#include "policy/service/sum_share.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {

uint64_t SumShareOf(absl::string_view name, absl::string_view value) {
  const std::string hash = ace::Sha256(AsBytes(absl::StrCat(name, "=", value)));
  uint64_t share = 0;
  for (size_t i = 0; i < sizeof(share); ++i) {
    share = share << 8 | static_cast<unsigned char>(hash[i]);
  }
  return share;
}

}  // namespace sluice::policy
