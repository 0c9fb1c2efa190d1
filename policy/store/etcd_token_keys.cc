#include "policy/store/etcd_token_keys.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sluice::policy {

EtcdTokenKeys::EtcdTokenKeys(const EtcdClient& client)
    : tokens_(client.Prefix("tokens")),
      clients_(client.Prefix("clients")),
      kids_(client.Prefix("kids")),
      secrets_(client.Prefix("secrets")),
      subjects_(client.Prefix("subjects")) {}

std::string EtcdTokenKeys::Token(absl::string_view binding) const {
  return absl::StrCat(tokens_, binding);
}

std::string EtcdTokenKeys::Client(absl::string_view client_id) const {
  return absl::StrCat(clients_, client_id);
}

std::string EtcdTokenKeys::KidPrefix(absl::string_view kid,
                                     absl::string_view issuer,
                                     absl::string_view subject) const {
  return absl::StrCat(kids_, absl::BytesToHexString(kid), "/",
                      absl::BytesToHexString(issuer), "/",
                      absl::BytesToHexString(subject), "/");
}

std::string EtcdTokenKeys::SecretPrefix(absl::string_view kid) const {
  return absl::StrCat(secrets_, absl::BytesToHexString(kid), "/");
}

std::string EtcdTokenKeys::SubjectPrefix(absl::string_view subject) const {
  return absl::StrCat(subjects_, absl::BytesToHexString(subject), "/");
}

std::vector<std::string> EtcdTokenKeys::NamesOf(
    const TokenRecord& record) const {
  const std::string binding = absl::BytesToHexString(record.binding);
  std::vector<std::string> names;
  if (!record.kid.empty()) {
    names.push_back(absl::StrCat(
        KidPrefix(record.kid, record.issuer, record.subject), binding));
  }
  if (record.named_since.has_value()) {
    // The digits are as many for each, so that the order is that of time.
    names.push_back(absl::StrCat(
        SecretPrefix(record.kid),
        absl::Hex(absl::ToUnixMicros(*record.named_since), absl::kZeroPad16),
        "/", binding));
  }
  if (!record.subject.empty()) {
    names.push_back(absl::StrCat(SubjectPrefix(record.subject), binding));
  }
  return names;
}

}  // namespace sluice::policy
