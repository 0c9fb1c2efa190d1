#ifndef POLICY_STORE_ETCD_TOKEN_KEYS_H_
#define POLICY_STORE_ETCD_TOKEN_KEYS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/store/etcd_client.h"
#include "policy/store/token_store.h"

namespace sluice::policy {

// Where in etcd a token is, and what leads to it: see EtcdTokenStore.
class EtcdTokenKeys {
 public:
  explicit EtcdTokenKeys(const EtcdClient& client);

  // What the keys of all tokens begin with.
  const std::string& tokens() const { return tokens_; }
  std::string Token(absl::string_view binding) const;
  std::string Client(absl::string_view client_id) const;

  // What the keys begin with whose values are the bindings of all that have
  // that name.
  std::string KidPrefix(absl::string_view kid, absl::string_view issuer,
                        absl::string_view subject) const;
  std::string SecretPrefix(absl::string_view kid) const;
  std::string SubjectPrefix(absl::string_view subject) const;

  // The keys of the names of `record`, but for its Client Identifier, which may
  // become another record's.
  std::vector<std::string> NamesOf(const TokenRecord& record) const;

 private:
  const std::string tokens_;
  const std::string clients_;
  const std::string kids_;
  const std::string secrets_;
  const std::string subjects_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_TOKEN_KEYS_H_
