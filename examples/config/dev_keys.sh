#!/usr/bin/env bash
# Makes the keys and certificates that the configuration in this folder names:
# a CA, TLS certificates for the proxy and the policy service, and the signing
# key of a development authorization server. For trying things out only.
# Overwrites nothing.
#   dev_keys.sh SLUICECTL [DIRECTORY]
set -euo pipefail

if (($# < 1)); then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
sluicectl=$(realpath -m "$1")
if [[ ! -f $sluicectl || ! -x $sluicectl ]]; then
  echo "$1 is not a program" >&2
  exit 1
fi
cd "${2:-.}"
there=()
for file in {ca,server,policy,proxy}.{key,crt} ca.srl as-key.json{,.pub}; do
  [[ ! -e $file ]] || there+=("$file")
done
if ((${#there[@]} > 0)); then
  echo "in $PWD there is already: ${there[*]}" >&2
  echo 'remove that first, if its certificates and tokens are done with' >&2
  exit 1
fi
umask 077

new_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
}

# NAME: NAME.key and NAME.crt, for localhost, signed by the CA.
certificate() {
  new_key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" |
    openssl x509 -req -days 30 -CA ca.crt -CAkey ca.key -CAcreateserial \
      -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') \
      -out "$1.crt" 2>/dev/null
}

new_key ca
openssl req -x509 -new -key ca.key -days 30 -subj '/CN=Sluice development CA' \
  -out ca.crt
certificate server # what MQTT clients see
certificate policy # the policy service, seen by the proxy
certificate proxy  # the proxy, seen by the policy service

# as-key.json signs tokens; as-key.json.pub is the JWKS that checks them.
"$sluicectl" dev keygen --alg EdDSA --out as-key.json
