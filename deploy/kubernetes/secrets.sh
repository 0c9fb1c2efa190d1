#!/usr/bin/env bash
# Makes the certificates that the manifests in this folder (and the chart) need,
# and prints them as Secrets. For trying things out, and where no cert-manager
# is at hand (docs/deployment.md has that way too): they are good for 90 days,
# and the keys of the two CAs are thrown away.
#   secrets.sh NAMESPACE HOST... | kubectl apply -f -
# HOSTs are the names by which MQTT clients know the broker. They trust ca.crt
# of the Secret sluice-server-tls. POLICY_SERVICE, where it is set, is the name of
# the policy service's Service: RELEASE-policy with the chart. Needs openssl.
set -euo pipefail

if (($# < 2)); then
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
namespace=$1
policy=${POLICY_SERVICE:-sluice-policy}
shift
umask 077
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

new_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

# NAME SUBJECT: a CA.
authority() {
  new_key "$1"
  openssl req -x509 -new -key "$1.key" -days 90 -subj "/CN=$2" -out "$1.crt"
}

# SECRET CA USAGE HOST...: prints a Secret with a certificate for the HOSTs.
secret() {
  local name=$1 authority=$2 usage=$3 host names=""
  shift 3
  for host; do
    [[ $host =~ ^[0-9.]+$|: ]] && names+=",IP:$host" || names+=",DNS:$host"
  done
  new_key "$name"
  openssl req -new -key "$name.key" -subj "/CN=$1" |
    openssl x509 -req -days 90 -CA "$authority.crt" -CAkey "$authority.key" \
      -CAcreateserial -out "$name.crt" -extfile <(
        echo "subjectAltName=${names#,}"
        echo "extendedKeyUsage=$usage"
        echo "basicConstraints=critical,CA:false"
      ) 2>openssl.log || { cat openssl.log >&2; return 1; }
  printf '%s\n' --- 'apiVersion: v1' 'kind: Secret' \
    'type: kubernetes.io/tls' 'metadata:' "  name: $name" \
    "  namespace: $namespace" 'data:' \
    "  ca.crt: $(base64 -w0 "$authority.crt")" \
    "  tls.crt: $(base64 -w0 "$name.crt")" \
    "  tls.key: $(base64 -w0 "$name.key")"
}

authority outside "Sluice, for MQTT clients"
authority inside "Sluice, between proxy and policy service"
secret sluice-server-tls outside serverAuth "$@"
secret sluice-proxy-tls inside clientAuth sluice-proxy
secret sluice-operator-tls inside clientAuth sluice-operator
# localhost: for sluicectl through `kubectl port-forward`.
secret sluice-policy-tls inside serverAuth "$policy" "$policy.$namespace" \
  "$policy.$namespace.svc" localhost 127.0.0.1
