#ifndef PROXY_SESSION_ANONYMOUS_LIMIT_INTERFACE_H_
#define PROXY_SESSION_ANONYMOUS_LIMIT_INTERFACE_H_

namespace sluice::session {

// How many clients without a token may be in, so that there is room for others.
class AnonymousLimitInterface {
 public:
  virtual ~AnonymousLimitInterface() = default;
  // Whether this client may be let in as one of them. It is counted then until
  // its connection ends, and may have to make room: Session::OnEvicted().
  virtual bool LetInAnonymous() = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_ANONYMOUS_LIMIT_INTERFACE_H_
