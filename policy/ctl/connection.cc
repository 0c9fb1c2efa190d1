#include "policy/ctl/connection.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/ctl/files.h"
#include "policy/ctl/output.h"
#include "policy/tls/direct_channel.h"
#include "policy/tls/pem.h"
#include "proto/google/rpc/status.pb.h"
#include "proxy/base/address.h"

namespace sluice::ctl {
namespace {

constexpr absl::string_view kDefaultServer = "127.0.0.1:50051";
constexpr std::chrono::seconds kTimeout(30);
// Of one answer. gRPC's own limit, 4 MiB, is less than what may explain a
// decision about a subject with many tokens.
constexpr int kMaxAnswerBytes = 64 << 20;

// A gRPC target: the same HOST:PORT or unix:PATH as in a configuration.
absl::StatusOr<std::string> ServerOf(const Options& options,
                                     const Environment& environment) {
  const std::optional<std::string> option = options.Find("server");
  if (!option.has_value() && environment.server.empty()) {
    return std::string(kDefaultServer);
  }
  const std::string text = option.value_or(environment.server);
  const absl::StatusOr<Address> address = ParseAddress(text);
  const bool has_port =
      address.ok() && (address->is_unix() || address->port != 0);
  if (has_port) return text;
  return absl::InvalidArgumentError(absl::StrCat(
      option.has_value() ? "--server" : "SLUICE_SERVER", " ", text, ": ",
      address.ok() ? "port 0 can't be connected to; name the port"
                   : address.status().message()));
}

// What gRPC and Protocol Buffers write to standard error by themselves says
// less than the status of a call, which is printed. GRPC_VERBOSITY brings it
// back.
void SilenceLibraries() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
  google::protobuf::SetLogHandler(nullptr);
}

// Checks that OpenSSL can use what there is: it would only say so when it is
// asked for a connection, and then not what is wrong.
absl::Status CheckTls(const Options& options,
                      const grpc::SslCredentialsOptions& tls) {
  using ::sluice::policy::CertificateUse;
  const auto wrong = [&options](absl::string_view name,
                                const absl::Status& problem) {
    return absl::FailedPreconditionError(
        absl::StrCat("--", name, " ", options.Find(name).value_or(""), ": ",
                     problem.message()));
  };
  absl::Status checked =
      policy::CheckCertificates(tls.pem_root_certs, CertificateUse::kTrusted);
  if (!checked.ok()) return wrong("ca", checked);
  if (!options.Find("certificate").has_value()) return absl::OkStatus();
  checked =
      policy::CheckCertificates(tls.pem_cert_chain, CertificateUse::kShown);
  if (!checked.ok()) return wrong("certificate", checked);
  checked = policy::CheckPrivateKey(tls.pem_private_key, tls.pem_cert_chain);
  return checked.ok() ? checked : wrong("key", checked);
}

// Leaves `contents` empty where the option is not there.
absl::Status ReadFileOf(const Options& options, absl::string_view name,
                        std::string* contents) {
  const std::optional<std::string> path = options.Find(name);
  if (!path.has_value()) return absl::OkStatus();
  absl::StatusOr<std::string> text = ReadFile(*path);
  if (!text.ok()) return text.status();
  *contents = *std::move(text);
  return absl::OkStatus();
}

}  // namespace

std::vector<OptionSpec> ConnectionOptions() {
  return {
      {"server", "ADDRESS", false,
       "HOST:PORT or unix:PATH; default: $SLUICE_SERVER, else 127.0.0.1:50051"},
      {"ca", "FILE", false,
       "PEM; who may have signed the server's certificate; turns TLS on"},
      {"certificate", "FILE", false, "PEM; yours, for mutual TLS; needs --key"},
      {"key", "FILE", false, "PEM; the private key of --certificate"},
      {"output", "FORMAT", false, "table (default) or json"},
  };
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
    const Options& options, const Environment& environment) {
  SilenceLibraries();
  const absl::StatusOr<std::string> server = ServerOf(options, environment);
  if (!server.ok()) return server.status();
  const bool has_certificate = options.Find("certificate").has_value();
  if (has_certificate != options.Find("key").has_value()) {
    return absl::InvalidArgumentError("--certificate and --key go together");
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  if (!options.Find("ca").has_value()) {
    if (has_certificate) {
      return absl::InvalidArgumentError("--certificate needs --ca");
    }
    return policy::NewDirectChannel(*server, grpc::InsecureChannelCredentials(),
                                    arguments);
  }
  grpc::SslCredentialsOptions tls;
  const struct {
    absl::string_view option;
    std::string* contents;
  } kFiles[] = {
      {"ca", &tls.pem_root_certs},
      {"certificate", &tls.pem_cert_chain},
      {"key", &tls.pem_private_key},
  };
  for (const auto& file : kFiles) {
    absl::Status read = ReadFileOf(options, file.option, file.contents);
    if (!read.ok()) return read;
  }
  if (absl::Status s = CheckTls(options, tls); !s.ok()) return s;
  return policy::NewDirectChannel(*server, grpc::SslCredentials(tls),
                                  arguments);
}

void SetDeadline(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + kTimeout);
}

std::string ExistingResource(const grpc::Status& status) {
  google::rpc::Status details;
  if (status.error_code() != grpc::StatusCode::ALREADY_EXISTS ||
      !details.ParseFromString(status.error_details())) {
    return "";
  }
  google::rpc::ResourceInfo resource;
  for (const google::protobuf::Any& detail : details.details()) {
    if (detail.UnpackTo(&resource)) return resource.resource_name();
  }
  return "";
}

absl::Status CallStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const absl::StatusCode code =
      static_cast<absl::StatusCode>(status.error_code());
  std::string text = absl::StrCat(Printable(status.error_message()), " (",
                                  absl::StatusCodeToString(code), ")");
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      google::rpc::BadRequest bad_request;
      if (!detail.UnpackTo(&bad_request)) continue;
      for (const auto& violation : bad_request.field_violations()) {
        const std::string complaint =
            absl::StrCat(violation.field(), ": ", violation.description());
        if (complaint == status.error_message()) continue;
        absl::StrAppend(&text, "\n  ", Printable(complaint));
      }
    }
  }
  // What the server finds wrong is not wrong usage of this program.
  return absl::FailedPreconditionError(text);
}

std::string TlsHint(const Options& options, const absl::Status& status) {
  const absl::string_view text = status.message();
  if (absl::StrContains(text, "wrong version number")) {
    return "the server may speak plain text: see --ca";
  }
  if (!absl::StrContains(text, "Socket closed") &&
      !absl::StrContains(text, "reset by peer")) {
    return "";
  }
  if (!options.Find("ca").has_value()) {
    return "the server may speak TLS: see --ca, and --certificate";
  }
  if (!options.Find("certificate").has_value()) {
    return "the server may ask for a certificate: see --certificate";
  }
  return "the server may not take the certificate, or it has expired: its log "
         "says more";
}

}  // namespace sluice::ctl
