#include "policy/service/key_ids.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "policy/ace/client_certificate.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/utf8.h"

namespace sluice::policy {
namespace {

bool IsText(absl::string_view bytes) {
  return mqtt::IsValidUtf8(bytes) &&
         std::none_of(bytes.begin(), bytes.end(), [](char c) {
           return absl::ascii_iscntrl(static_cast<unsigned char>(c));
         });
}

std::vector<std::string> CertificateIdsOf(
    const std::string& identity, absl::string_view client_certificate) {
  std::vector<std::string> ids = {
      identity, std::string(absl::StripPrefix(
                    identity, ace::PopKey::kCertificatePrefix))};
  if (client_certificate.empty()) return ids;
  ace::ClientCertificate shown =
      ace::ReadClientCertificate(AsBytes(client_certificate));
  if (shown.identity == identity && shown.key_thumbprint.has_value()) {
    ids.push_back(*std::move(shown.key_thumbprint));
  }
  return ids;
}

}  // namespace

std::vector<std::string> KeyIdsOf(const ace::PopKey& key,
                                  absl::string_view client_certificate) {
  if (key.is_certificate()) {
    return CertificateIdsOf(key.thumbprint(), client_certificate);
  }
  std::vector<std::string> ids = {key.thumbprint()};
  const absl::string_view kid = key.kid();
  if (!kid.empty() && kid != key.thumbprint()) {
    ids.push_back(IsText(kid) ? std::string(kid) : absl::BytesToHexString(kid));
  }
  return ids;
}

}  // namespace sluice::policy
