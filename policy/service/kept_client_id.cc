#include "policy/service/kept_client_id.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {

std::string KeptClientId(absl::string_view client_id) {
  if (client_id.size() <= kMaxKeptClientIdBytes) return std::string(client_id);
  return absl::StrCat("sha256:",
                      absl::BytesToHexString(ace::Sha256(AsBytes(client_id))));
}

}  // namespace sluice::policy
