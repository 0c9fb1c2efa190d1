#ifndef PROXY_SESSION_REASONS_H_
#define PROXY_SESSION_REASONS_H_

namespace sluice::session {

// Why something is denied, in logs and records.
constexpr char kExpired[] = "the token has expired";
constexpr char kOutsideScope[] = "outside the scope";
constexpr char kNotFresh[] = "cnonce: missing, too old, or not given out here";
constexpr char kTooManyToCheck[] = "too many filters to check";
constexpr char kTooSmallForChallenge[] =
    "the challenge is larger than the client's Maximum Packet Size";

}  // namespace sluice::session

#endif  // PROXY_SESSION_REASONS_H_
