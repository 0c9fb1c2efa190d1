#ifndef POLICY_SERVICE_INTROSPECTOR_H_
#define POLICY_SERVICE_INTROSPECTOR_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "policy/ace/introspection.h"
#include "policy/ace/token_verifier.h"
#include "policy/http/http_client_interface.h"
#include "policy/service/answer_cache.h"
#include "policy/service/call_pool.h"
#include "policy/service/reference_answers.h"
#include "proxy/base/clock.h"
#include "proxy/base/secret_string.h"

namespace sluice::policy {

// An issuer that can be asked about tokens, and how.
struct IntrospectionEndpoint {
  // The name of one of the verifier's issuers.
  std::string issuer;
  std::string url;
  std::string ca;  // PEM; empty: the system's
  // PEM, shown to the server; empty: none.
  std::string certificate;
  SecretString private_key;
  ace::IntrospectionClient client;
  // The longest time for which an answer is taken for the truth. Positive.
  absl::Duration cache_ttl = absl::Seconds(60);
};

bool operator==(const IntrospectionEndpoint& a, const IntrospectionEndpoint& b);

// Finds out what references stand for, by asking authorization servers
// (ACE-TOK-5), and remembers it for a while. Each endpoint is asked in turn;
// the first to call the token active, with all that a token needs, is its
// issuer. Where none does, and each has answered, the token is refused. Where
// one could not be asked, nothing is decided.
//
// Thread-safe. Owned by shared pointers: an answer that is on its way keeps it
// alive.
class Introspector : public std::enable_shared_from_this<Introspector> {
 public:
  using Callback = std::function<void(ReferenceAnswers::Answer)>;

  struct Options {
    // What an answer is held to; has every endpoint's issuer.
    ace::TokenVerifier verifier;
    std::vector<IntrospectionEndpoint> endpoints;
    // Remembered answers; the oldest is forgotten for a new one.
    size_t max_answers = 10'000;
  };

  // How old an answer may be.
  enum class Freshness {
    kRemembered,  // within its endpoint's cache_ttl
    kNew,         // asked for now, or on its way already
  };

  // `http` and `pool` outlive this; what waits in them keeps this alive, and so
  // must not keep them, which could not end on threads of their own. Answers
  // are read on threads of `pool`, since a key that is named alone is looked
  // for in the store.
  Introspector(Options options, http::HttpClientInterface* http, CallPool* pool,
               Clock clock);

  // Whether one that is made of `options` would ask and answer as this does, so
  // that what this remembers is good in its place. Keys of issuers, and issuers
  // that are not asked, have no part in an answer.
  bool IsMadeOf(const Options& options) const;

  // `done` is called once, on any thread, maybe before the call returns. Calls
  // about one token share one question.
  void Resolve(const std::string& token, Freshness freshness, Callback done);

 private:
  // A token that is being asked about.
  struct Inquiry {
    std::string key;
    std::string token;
    size_t endpoint = 0;  // whose turn it is
    // Of the endpoints before: the last refusal, and the last failure.
    absl::Status refusal;
    absl::Status failure;
    std::vector<Callback> waiting;
  };

  // Asks the endpoint whose turn it is, or ends the inquiry.
  void AskNext(std::shared_ptr<Inquiry> inquiry);
  void OnResponse(std::shared_ptr<Inquiry> inquiry,
                  const absl::StatusOr<http::HttpResponse>& response);
  // What `response` says, and until when that holds.
  ReferenceAnswers::Answer Read(
      const IntrospectionEndpoint& endpoint,
      const absl::StatusOr<http::HttpResponse>& response, absl::Time now,
      absl::Time* good_until) const;
  void Finish(const std::shared_ptr<Inquiry>& inquiry,
              const ReferenceAnswers::Answer& answer, absl::Time good_until);

  const Options options_;
  http::HttpClientInterface* const http_;
  CallPool* const pool_;
  const Clock clock_;

  // By the SHA-256 of the token.
  std::mutex mutex_;
  AnswerCache<ReferenceAnswers::Answer> answers_;
  absl::flat_hash_map<std::string, std::shared_ptr<Inquiry>> under_way_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_INTROSPECTOR_H_
