#ifndef TEST_POLICY_TESTING_ANONYMOUS_REQUEST_H_
#define TEST_POLICY_TESTING_ANONYMOUS_REQUEST_H_

#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Of a client of MQTT 5.0 that shows nothing.
inline v1::AuthenticateRequest AnonymousRequest() {
  v1::AuthenticateRequest request;
  request.mutable_connection()->set_protocol_version(
      v1::PROTOCOL_VERSION_MQTT_5_0);
  request.mutable_anonymous();
  return request;
}

}  // namespace sluice::policy

#endif  // TEST_POLICY_TESTING_ANONYMOUS_REQUEST_H_
