#ifndef POLICY_SERVER_DECIDER_SOURCE_H_
#define POLICY_SERVER_DECIDER_SOURCE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/jwk.h"
#include "policy/ace/scope.h"
#include "policy/ace/token_verifier.h"
#include "policy/admin/admin_services.h"
#include "policy/http/counted_http_client.h"
#include "policy/http/http_client_interface.h"
#include "policy/server/config.h"
#include "policy/service/call_pool.h"
#include "policy/service/checkers.h"
#include "policy/service/decision_call.h"
#include "policy/service/introspector.h"
#include "policy/service/jwks_fetcher.h"
#include "policy/service/replica.h"
#include "policy/service/stored_keys.h"
#include "policy/store/fact_store.h"
#include "policy/store/token_store.h"
#include "proxy/base/clock.h"
#include "proxy/base/log.h"
#include "proxy/base/wakeup_thread.h"

namespace sluice::policy {

// Makes who decides, out of what the configuration says, of the issuers that
// operators manage, and of issuers' keys, which it has read. Whenever one of
// these changes it makes others. Thread-safe, but for the listener, the start
// and the stop.
class DeciderSource final : private JwksObserverInterface {
 public:
  // What deciders work with. `pool`, for what waits for the store, and
  // `checkers` outlive them all, `log` this.
  struct Context {
    std::shared_ptr<TokenStoreInterface> tokens;
    std::shared_ptr<FactStoreInterface> facts;
    std::shared_ptr<Replica> replica;
    CallPool* pool;
    Checkers* checkers;
    Clock clock;
    Logger* log;
    Authenticator::UnwrittenListener on_unwritten;
  };

  DeciderSource(Context context, LoadedConfig config);
  // Waits for what is being read.
  ~DeciderSource() override;
  DeciderSource(const DeciderSource&) = delete;
  DeciderSource& operator=(const DeciderSource&) = delete;

  // Who decides by what is known now.
  Deciders MakeDeciders();

  // Is told who decides from now on; one call comes after the other, the last
  // before the destructor returns. Must not call back. To be set before
  // anything can change.
  void SetListener(std::function<void(Deciders)> listener);

  // Reads issuers' keys from now on, until the stop.
  void Start();
  void Stop();

  // Another configuration.
  void Reload(LoadedConfig config);
  // The managed issuers may be others.
  void TakeManagedIssuers();

  // What the configuration declares.
  AdminServices::Declared declared() const;

  const http::RequestCounts& introspection_requests() const {
    return introspection_http_.counts;
  }
  const http::RequestCounts& jwks_requests() const { return jwks_http_.counts; }
  // Keys of an issuer that could not be read, so often.
  const std::atomic<uint64_t>& jwks_failures() const { return jwks_failures_; }

 private:
  // Requests of one purpose.
  struct Http {
    // Makes it, for the first configuration, or managed issuer, that needs it.
    http::HttpClientInterface* Started();

    http::RequestCounts counts;
    std::unique_ptr<http::HttpClientInterface> client;
    std::unique_ptr<http::CountedHttpClient> counted;
  };

  // All three with mutex_ held. Takes what deciders are made of out of
  // `config`.
  void Configure(LoadedConfig config);
  Deciders Make();
  // Logs what draft-01 means for those of `issuers`, managed ones, of which it
  // was not said before.
  void WarnOfDraft01(std::set<std::string> issuers);

  // What there is to read is read from now on, while it runs.
  void ReadKeys();

  // JwksObserverInterface; calls come from the HTTP client's thread.
  void OnKeys(const std::string& issuer, const ace::JwkSet& keys) override;
  void OnFailure(const std::string& issuer, absl::string_view reason) override;

  const Context context_;
  const std::shared_ptr<const StoredKeys> known_keys_;  // in context_.tokens
  std::function<void(Deciders)> listener_;
  std::atomic<uint64_t> jwks_failures_{0};

  // Keys, and changes of managed issuers, come at any time, also during
  // Reload(). The store is not called under it.
  mutable std::mutex mutex_;
  // Two, so that whoever brings many references keeps no issuer's keys from
  // being read, which are most often at the same server.
  Http introspection_http_;
  Http jwks_http_;
  std::shared_ptr<JwksFetcher> fetcher_;
  // What deciders are made of: what the configuration says.
  std::optional<ace::TokenVerifier> verifier_;
  std::vector<ace::Permission> public_topics_;
  std::vector<JwksSource> jwks_sources_;
  std::shared_ptr<Introspector> introspector_;
  std::set<std::string> draft01_issuers_;  // managed, and warned of
  bool running_ = false;
  // While it runs, and there are keys to read.
  std::unique_ptr<WakeupThread> reading_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_DECIDER_SOURCE_H_
