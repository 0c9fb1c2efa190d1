#ifndef TEST_POLICY_STORE_STORE_SAMPLES_H_
#define TEST_POLICY_STORE_STORE_SAMPLES_H_

#include <string>

#include "absl/time/time.h"
#include "policy/store/resource_store.h"
#include "policy/store/token_store.h"

namespace sluice::policy {

inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
inline const absl::Time kLater = kNow + absl::Hours(1);

inline Resource TestResource(const std::string& id,
                             const std::string& value = "value",
                             absl::Time expires_at = absl::InfiniteFuture()) {
  Resource resource;
  resource.collection = "rules";
  resource.id = id;
  resource.value = value;
  resource.expires_at = expires_at;
  return resource;
}

// Until kLater, unless `life` says otherwise.
inline TokenRecord TestRecord(const std::string& binding,
                              const std::string& token = "token",
                              absl::Duration life = absl::Hours(1),
                              const std::string& client_id = "") {
  return TokenRecord{binding, token, kNow + life, client_id};
}

}  // namespace sluice::policy

#endif  // TEST_POLICY_STORE_STORE_SAMPLES_H_
