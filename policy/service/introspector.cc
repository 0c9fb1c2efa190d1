#include "policy/service/introspector.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "policy/ace/issuer.h"
#include "policy/ace/rejection.h"
#include "policy/service/policy_digest.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

// What CoAP's 2.01 (RFC 9200 section 5.9.2) is in HTTP; RFC 7662 has 200.
constexpr int kHttpCreated = 201;

// A refusal is remembered for as long as it takes to fend off a client that
// tries again and again, and is soon forgotten: the token may be issued yet.
constexpr absl::Duration kMaxRefusalAge = absl::Seconds(5);

// Names what answers are held to.
std::string DigestOf(const Introspector::Options& options) {
  ace::TokenVerifier::Options held_to = options.verifier.options();
  held_to.issuers.clear();
  for (const IntrospectionEndpoint& endpoint : options.endpoints) {
    const ace::Issuer* const issuer =
        ace::FindIssuer(options.verifier.issuers(), endpoint.issuer);
    if (issuer == nullptr) continue;
    ace::Issuer asked;
    asked.name = issuer->name;
    asked.profile = issuer->profile;
    held_to.issuers.push_back(std::move(asked));
  }
  return PolicyDigest(held_to, {});
}

}  // namespace

bool operator==(const IntrospectionEndpoint& a,
                const IntrospectionEndpoint& b) {
  return a.issuer == b.issuer && a.url == b.url && a.ca == b.ca &&
         a.certificate == b.certificate && a.private_key == b.private_key &&
         a.client.format == b.client.format &&
         a.client.authentication == b.client.authentication &&
         a.client.id == b.client.id && a.client.secret == b.client.secret &&
         a.cache_ttl == b.cache_ttl;
}

Introspector::Introspector(Options options, http::HttpClientInterface* http,
                           CallPool* pool, Clock clock)
    : options_(std::move(options)),
      http_(http),
      pool_(pool),
      clock_(std::move(clock)),
      answers_(options_.max_answers) {}

bool Introspector::IsMadeOf(const Options& options) const {
  const ace::TokenVerifier::Options& mine = options_.verifier.options();
  const ace::TokenVerifier::Options& other = options.verifier.options();
  return options_.endpoints == options.endpoints &&
         options_.max_answers == options.max_answers &&
         mine.known_keys == other.known_keys &&
         DigestOf(options_) == DigestOf(options);
}

void Introspector::Resolve(const std::string& token, Freshness freshness,
                           Callback done) {
  std::string key = ace::Sha256(AsBytes(token));
  std::shared_ptr<Inquiry> inquiry;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto* const known = freshness == Freshness::kRemembered
                                  ? answers_.Find(key, clock_())
                                  : nullptr;
    if (known != nullptr) {
      const ReferenceAnswers::Answer answer = known->answer;
      lock.unlock();
      done(answer);
      return;
    }
    std::shared_ptr<Inquiry>& entry = under_way_[key];
    if (entry != nullptr) {
      entry->waiting.push_back(std::move(done));
      return;
    }
    entry = inquiry = std::make_shared<Inquiry>();
    inquiry->key = std::move(key);
    inquiry->token = token;
    inquiry->waiting.push_back(std::move(done));
  }
  AskNext(std::move(inquiry));
}

void Introspector::AskNext(std::shared_ptr<Inquiry> inquiry) {
  for (; inquiry->endpoint < options_.endpoints.size(); ++inquiry->endpoint) {
    const IntrospectionEndpoint& endpoint =
        options_.endpoints[inquiry->endpoint];
    absl::StatusOr<ace::IntrospectionRequest> request =
        ace::WriteIntrospectionRequest(endpoint.client,
                                       AsBytes(inquiry->token));
    if (!request.ok()) {
      inquiry->refusal = request.status();
      continue;
    }
    http::HttpRequest message;
    message.url = endpoint.url;
    message.ca = endpoint.ca;
    message.certificate = endpoint.certificate;
    message.private_key = endpoint.private_key;
    message.body = std::move(request->body);
    message.content_type = std::move(request->content_type);
    message.accept = std::move(request->accept);
    message.authorization = std::move(request->authorization);
    http_->Send(std::move(message), [self = shared_from_this(),
                                     inquiry](auto response) {
      self->pool_->Resume([self, inquiry, response = std::move(response)] {
        self->OnResponse(inquiry, response);
      });
    });
    return;
  }
  if (!inquiry->failure.ok()) {
    Finish(inquiry, inquiry->failure, absl::InfinitePast());
  } else {
    absl::Duration age = kMaxRefusalAge;
    for (const IntrospectionEndpoint& endpoint : options_.endpoints) {
      age = std::min(age, endpoint.cache_ttl);
    }
    Finish(inquiry, inquiry->refusal, clock_() + age);
  }
}

void Introspector::OnResponse(
    std::shared_ptr<Inquiry> inquiry,
    const absl::StatusOr<http::HttpResponse>& response) {
  absl::Time good_until;
  const ReferenceAnswers::Answer answer = Read(
      options_.endpoints[inquiry->endpoint], response, clock_(), &good_until);
  if (answer.ok()) {
    Finish(inquiry, answer, good_until);
    return;
  }
  const bool refused = ace::RejectionOf(answer.status()).has_value();
  (refused ? inquiry->refusal : inquiry->failure) = answer.status();
  ++inquiry->endpoint;
  AskNext(std::move(inquiry));
}

ReferenceAnswers::Answer Introspector::Read(
    const IntrospectionEndpoint& endpoint,
    const absl::StatusOr<http::HttpResponse>& response, absl::Time now,
    absl::Time* good_until) const {
  const auto failed = [&endpoint](absl::string_view reason) {
    return absl::UnavailableError(absl::StrCat(
        "introspection at ", endpoint.issuer, " failed: ", reason));
  };
  if (!response.ok()) return failed(response.status().message());
  if (response->status != http::kHttpOk && response->status != kHttpCreated) {
    return failed(absl::StrCat("HTTP status ", response->status));
  }
  const ace::TokenContext context = options_.verifier.ContextAt(now);
  const ace::Issuer* issuer = ace::FindIssuer(context.issuers, endpoint.issuer);
  if (issuer == nullptr) return failed("no such issuer");
  absl::StatusOr<ace::IntrospectionAnswer> answer =
      ace::ReadIntrospectionAnswer(endpoint.client.format,
                                   AsBytes(response->body), *issuer, context,
                                   endpoint.cache_ttl);
  if (!answer.ok()) {
    if (ace::RejectionOf(answer.status()).has_value()) return answer.status();
    return failed(answer.status().message());
  }
  absl::StatusOr<ace::VerifiedToken> token =
      options_.verifier.Admit(std::move(answer->contents), now);
  if (!token.ok()) return token.status();

  ResolvedReference resolved{*std::move(token)};
  *good_until = std::min(now + endpoint.cache_ttl, resolved.token.expires_at);
  if (!answer->has_expiry) {
    resolved.token.may_outlive_grant = true;
    // Early enough that the answer comes before the grant ends.
    resolved.recheck_at = now + endpoint.cache_ttl * 3 / 4;
  } else if (now + endpoint.cache_ttl < resolved.token.expires_at) {
    resolved.recheck_at = now + endpoint.cache_ttl;
  }
  return resolved;
}

void Introspector::Finish(const std::shared_ptr<Inquiry>& inquiry,
                          const ReferenceAnswers::Answer& answer,
                          absl::Time good_until) {
  std::vector<Callback> waiting;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    under_way_.erase(inquiry->key);
    waiting.swap(inquiry->waiting);
    // A failure takes nothing back.
    if (good_until != absl::InfinitePast()) {
      answers_.Put(inquiry->key, answer, clock_(), good_until);
    }
  }
  for (const Callback& done : waiting) done(answer);
}

}  // namespace sluice::policy
