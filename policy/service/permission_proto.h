#ifndef POLICY_SERVICE_PERMISSION_PROTO_H_
#define POLICY_SERVICE_PERMISSION_PROTO_H_

#include "policy/ace/scope.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// `permission` as messages have it.
inline v1::Permission ToProto(const ace::Permission& permission) {
  v1::Permission message;
  message.set_topic_filter(permission.topic_filter);
  message.set_publish(permission.publish);
  message.set_subscribe(permission.subscribe);
  return message;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_PERMISSION_PROTO_H_
