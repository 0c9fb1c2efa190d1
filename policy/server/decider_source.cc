#include "policy/server/decider_source.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/http/http_client.h"
#include "policy/server/issuer_config.h"
#include "policy/service/authenticator.h"
#include "policy/service/managed_issuers.h"

namespace sluice::policy {

DeciderSource::DeciderSource(Context context, LoadedConfig config)
    : context_(std::move(context)),
      known_keys_(std::make_shared<StoredKeys>(context_.tokens)) {
  Configure(std::move(config));
}

DeciderSource::~DeciderSource() {
  Stop();
  // What is under way ends, and may come for all else.
  introspection_http_.client.reset();
  jwks_http_.client.reset();
}

http::HttpClientInterface* DeciderSource::Http::Started() {
  if (client == nullptr) {
    client = std::make_unique<http::HttpClient>();
    counted = std::make_unique<http::CountedHttpClient>(client.get(), &counts);
  }
  return counted.get();
}

Deciders DeciderSource::MakeDeciders() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Make();
}

void DeciderSource::SetListener(std::function<void(Deciders)> listener) {
  listener_ = std::move(listener);
}

void DeciderSource::Start() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = true;
  }
  ReadKeys();
}

void DeciderSource::Stop() {
  std::unique_ptr<WakeupThread> reading;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = false;
    reading.swap(reading_);
  }
  reading.reset();  // waits for it, which may come for mutex_
}

void DeciderSource::Reload(LoadedConfig config) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Configure(std::move(config));
    listener_(Make());
  }
  ReadKeys();
}

void DeciderSource::TakeManagedIssuers() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    listener_(Make());
  }
  ReadKeys();
  for (const std::string& id : context_.replica->unreadable_issuers()) {
    context_.log->Error("issuer_unreadable",
                        {{"resource", absl::StrCat(kIssuers, "/", id)}});
  }
}

AdminServices::Declared DeciderSource::declared() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {public_topics_, verifier_->issuers(), jwks_sources_};
}

void DeciderSource::Configure(LoadedConfig config) {
  jwks_sources_ = std::move(config.issuer_settings.jwks);
  verifier_ = config.verifier.WithKnownKeys(known_keys_);
  public_topics_ = std::move(config.public_topics);
  Introspector::Options introspection{
      *verifier_, std::move(config.issuer_settings.introspection)};
  if (introspection.endpoints.empty()) {
    introspector_.reset();
  } else if (introspector_ == nullptr ||
             !introspector_->IsMadeOf(introspection)) {
    // Else it goes on: all sessions with references would be asked about anew.
    introspector_ = std::make_shared<Introspector>(
        std::move(introspection), introspection_http_.Started(), context_.pool,
        context_.clock);
  }
}

Deciders DeciderSource::Make() {
  ace::TokenVerifier::Options options = verifier_->options();
  std::vector<JwksSource> sources = jwks_sources_;
  std::set<std::string> draft01;
  for (ManagedIssuer& managed : context_.replica->issuers()) {
    // What the configuration declares counts in its place.
    if (ace::FindIssuer(verifier_->issuers(), managed.issuer.name) != nullptr) {
      continue;
    }
    if (managed.issuer.profile == ace::Profile::kDraft01) {
      draft01.insert(managed.issuer.name);
    }
    options.issuers.push_back(std::move(managed.issuer));
    if (managed.source.has_value()) {
      sources.push_back(*std::move(managed.source));
    }
  }
  WarnOfDraft01(std::move(draft01));
  if (fetcher_ == nullptr && !sources.empty()) {
    JwksObserverInterface* const observer = this;
    fetcher_ = std::make_shared<JwksFetcher>(jwks_http_.Started(), observer,
                                             context_.clock);
  }
  if (fetcher_ != nullptr) fetcher_->SetSources(std::move(sources));
  for (ace::Issuer& issuer : options.issuers) {
    if (issuer.key_source != ace::KeySource::kPending) continue;
    std::optional<ace::JwkSet> keys = fetcher_->Keys(issuer.name);
    if (!keys.has_value()) continue;
    issuer.keys = *std::move(keys);
    issuer.key_source = ace::KeySource::kFetched;
  }
  // Each issuer has passed alone, and no name occurs twice.
  absl::StatusOr<ace::TokenVerifier> verifier =
      ace::TokenVerifier::Create(std::move(options));
  if (!verifier.ok()) {
    context_.log->Error(
        "issuers_unusable",
        {{"detail", absl::StrCat("managed issuers do not count: ",
                                 verifier.status().message())}});
  }
  return {std::make_shared<const Authenticator>(
              verifier.ok() ? *std::move(verifier) : *verifier_, public_topics_,
              context_.tokens, context_.facts, context_.replica,
              context_.on_unwritten),
          introspector_, fetcher_, context_.checkers};
}

void DeciderSource::WarnOfDraft01(std::set<std::string> issuers) {
  draft01_issuers_.swap(issuers);
  for (const std::string& issuer : draft01_issuers_) {
    if (issuers.count(issuer) != 0) continue;
    context_.log->Warning(
        "issuer_warning",
        {{"resource", absl::StrCat(kIssuers, "/", IdOfIssuer(issuer))},
         {"detail", Draft01Warning(issuer)}});
  }
}

void DeciderSource::ReadKeys() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_) return;
  if (reading_ != nullptr) {
    reading_->Wake();
  } else if (fetcher_ != nullptr && fetcher_->has_sources()) {
    reading_ = std::make_unique<WakeupThread>(
        [fetcher = fetcher_] { return fetcher->Poll(); });
  }
}

void DeciderSource::OnKeys(const std::string& issuer, const ace::JwkSet& keys) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    listener_(Make());
  }
  context_.log->Info("jwks_read", {{"issuer", issuer},
                                   {"keys", keys.keys().size()},
                                   {"skipped", keys.skipped_count()}});
  for (const std::string& skipped : keys.skipped()) {
    context_.log->Warning("jwks_key_skipped",
                          {{"issuer", issuer}, {"detail", skipped}});
  }
}

void DeciderSource::OnFailure(const std::string& issuer,
                              absl::string_view reason) {
  ++jwks_failures_;
  context_.log->Warning("jwks_failed",
                        {{"issuer", issuer}, {"detail", reason}});
}

}  // namespace sluice::policy
