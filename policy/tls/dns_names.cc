#include "policy/tls/dns_names.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace sluice::policy {

std::vector<std::string> DnsNames(X509* certificate) {
  std::vector<std::string> names;
  bssl::UniquePtr<GENERAL_NAMES> alternatives(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (alternatives != nullptr) {
    for (size_t i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
      if (name->type != GEN_DNS) continue;
      const ASN1_IA5STRING* text = name->d.dNSName;
      names.push_back(absl::AsciiStrToLower(absl::string_view(
          reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text)))));
    }
  }
  ERR_clear_error();
  return names;
}

}  // namespace sluice::policy
