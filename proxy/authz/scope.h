#ifndef PROXY_AUTHZ_SCOPE_H_
#define PROXY_AUTHZ_SCOPE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/filter_set.h"

namespace sluice::authz {

// What a grant's permissions let do.
class Scope {
 public:
  using Permissions =
      google::protobuf::RepeatedPtrField<policy::v1::Permission>;

  // Fails on an invalid topic filter and on a shared subscription. What equal
  // permissions were compiled to is shared, by all threads, as long as it is in
  // use.
  static absl::StatusOr<std::shared_ptr<const Scope>> Compile(
      const Permissions& permissions);

  const FilterSet& publish() const { return publish_; }
  const FilterSet& subscribe() const { return subscribe_; }

 private:
  Scope() = default;

  // Whether it was compiled from `permissions`.
  bool IsOf(const Permissions& permissions) const;

  FilterSet publish_;
  FilterSet subscribe_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_SCOPE_H_
