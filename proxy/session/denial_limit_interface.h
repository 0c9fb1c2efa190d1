#ifndef PROXY_SESSION_DENIAL_LIMIT_INTERFACE_H_
#define PROXY_SESSION_DENIAL_LIMIT_INTERFACE_H_

namespace sluice::session {

// How many denials the client's address may have, all its connections taken
// together.
class DenialLimitInterface {
 public:
  virtual ~DenialLimitInterface() = default;
  // Whether it has had as many: nothing more is asked about its clients then.
  virtual bool IsReached() = 0;
  // One more client of it was not let in, or left before that was decided.
  virtual void OnDenial() = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_DENIAL_LIMIT_INTERFACE_H_
