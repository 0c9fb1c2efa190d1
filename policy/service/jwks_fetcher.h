#ifndef POLICY_SERVICE_JWKS_FETCHER_H_
#define POLICY_SERVICE_JWKS_FETCHER_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/jwk.h"
#include "policy/http/http_client_interface.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// Where an issuer publishes its keys.
struct JwksSource {
  // Of `refresh`, where people choose it.
  static constexpr absl::Duration kMinRefresh = absl::Seconds(1);
  static constexpr absl::Duration kMaxRefresh = absl::Hours(24);

  std::string issuer;
  std::string url;
  std::string ca;  // PEM; empty: the system's
  // How often they are read. Positive.
  absl::Duration refresh = absl::Minutes(5);
};

// Hears what became of reading. Called from any thread, without locks.
class JwksObserverInterface {
 public:
  virtual ~JwksObserverInterface() = default;

  // The issuer has these keys from now on: the first that were read, or others
  // than before. Whoever waits for them hears so after this returns.
  virtual void OnKeys(const std::string& issuer, const ace::JwkSet& keys) = 0;
  // The keys could not be read; those from before stay. `reason` is for the log
  // and holds nothing of what was read but the position of a fault.
  virtual void OnFailure(const std::string& issuer,
                         absl::string_view reason) = 0;
};

// Reads the JWK Sets (RFC 7517) of issuers, at first and then every so often,
// and early when somebody misses a key. A set that is no answer, unreadable,
// without a key that we know, or with a symmetric one, which is nobody's to
// publish, counts for nothing: the last good one stays.
//
// Thread-safe. Owned by shared pointers: an answer that is on its way keeps it
// alive.
class JwksFetcher : public std::enable_shared_from_this<JwksFetcher> {
 public:
  // After a failure, reading is tried again after so long, or sooner where the
  // source is read more often.
  static constexpr absl::Duration kRetry = absl::Seconds(5);
  // An issuer's keys are read early once in so long, so that made-up names of
  // keys cannot make us flood it.
  static constexpr absl::Duration kEarlyInterval = absl::Seconds(10);

  // `http` and `observer` outlive all calls; `http` calls back, and so must not
  // be kept by what `observer` keeps.
  JwksFetcher(http::HttpClientInterface* http, JwksObserverInterface* observer,
              Clock clock);

  // From now on reads these. Keys of a source that was there before, at the
  // same URL with the same authorities, stay; all others are due now.
  void SetSources(std::vector<JwksSource> sources);

  bool has_sources() const;

  // Starts to read what is due; returns for how long there is nothing to do.
  absl::Duration Poll();

  // Reads the issuer's keys now, or waits for a reading that is under way.
  // `done` is called once, on any thread, when it is over; before the call
  // returns where the last early reading was a moment ago, or the issuer has no
  // source.
  void ReadEarly(absl::string_view issuer, std::function<void()> done);

  // The last good keys of the issuer.
  std::optional<ace::JwkSet> Keys(absl::string_view issuer) const;

 private:
  struct State {
    JwksSource source;
    std::optional<ace::JwkSet> keys;
    std::string body;  // what they were read from
    absl::Time due = absl::InfinitePast();
    absl::Time last_early = absl::InfinitePast();
    bool reading = false;
    bool dropped = false;  // by SetSources()
    std::vector<std::function<void()>> waiting;
  };

  // Under mutex_.
  std::shared_ptr<State> Find(absl::string_view issuer) const;
  // Not under mutex_; state->reading is set.
  void Read(const std::shared_ptr<State>& state);
  void OnResponse(const std::shared_ptr<State>& state,
                  const absl::StatusOr<http::HttpResponse>& response);

  http::HttpClientInterface* const http_;
  JwksObserverInterface* const observer_;
  const Clock clock_;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<State>> states_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_JWKS_FETCHER_H_
