#ifndef POLICY_SERVICE_MANAGED_ISSUERS_H_
#define POLICY_SERVICE_MANAGED_ISSUERS_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "policy/ace/issuer.h"
#include "policy/service/jwks_fetcher.h"
#include "proto/sluice/admin/v1/issuer.pb.h"

namespace sluice::policy {

// How many issuers there may be.
inline constexpr size_t kMaxManagedIssuers = 1000;

// An issuer that operators manage, ready for use.
struct ManagedIssuer {
  ace::Issuer issuer;
  // Where its keys are read from: then they are pending. Else it has them.
  std::optional<JwksSource> source;
};

// Tells `wrong` of each field, as in "jwks_url", that is not what it has to be;
// the problem holds no key. nullopt where there is one.
std::optional<ManagedIssuer> ReadManagedIssuer(
    const admin::v1::Issuer& message,
    absl::FunctionRef<void(absl::string_view field, absl::string_view problem)>
        wrong);

// One issuer, one id.
std::string IdOfIssuer(absl::string_view issuer);

// All of them. Not thread-safe.
class ManagedIssuers {
 public:
  // `value`: a serialized admin::v1::Issuer. One that cannot be read, or is
  // not the one of that id, is not trusted.
  void Put(const std::string& id, const std::string& value);
  void Remove(const std::string& id) { issuers_.erase(id); }
  void Clear() { issuers_.clear(); }

  // Those that can be read; the ids of those that cannot.
  std::vector<ManagedIssuer> issuers() const;
  std::vector<std::string> unreadable() const;
  // How many there are beside the one of that id.
  size_t CountBut(const std::string& id) const {
    return issuers_.size() - issuers_.count(id);
  }

 private:
  // nullopt: it cannot be read.
  std::map<std::string, std::optional<ManagedIssuer>> issuers_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_MANAGED_ISSUERS_H_
