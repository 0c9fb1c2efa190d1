#!/usr/bin/env bash
# Shows Sluice at work: builds it, starts it between two real clients and a real
# broker, and lets it allow and refuse a few things. Leaves nothing running.
# Exit status 0 when everything went as it should.
# usage: test/demo.sh          (NO_COLOR=1: without colour)
# $BAZEL_STARTUP_FLAGS and $BAZEL_BUILD_FLAGS are handed to Bazel.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -t 1 && -z ${NO_COLOR-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' dim='' green='' red='' plain=''
fi

work=$(mktemp -d)
pids=()
wrong=0

finish() {
  local status=$?
  trap - EXIT
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

note() {
  printf '%s%s%s\n' "$dim" "$1" "$plain"
}

# expect VERDICT WHAT ANSWER WHY: whether the client that ran last printed the
# line ANSWER (a pattern), and what that means. VERDICT: allowed or refused.
expect() {
  local verdict=$1 what=$2 answer=$3 why=$4 colour=$green got
  [[ $verdict == refused ]] && colour=$red
  if got=$(grep -m 1 -xE "$answer" "$work/answers"); then
    printf '  %s%-7s%s  %-42s %s\n' "$colour" "$verdict" "$plain" "$what" "$got"
    note "           $why"
  else
    printf '  %sWRONG%s    %s: no "%s" in\n' "$red" "$plain" "$what" "$answer"
    sed 's/^/           /' "$work/answers"
    wrong=1
  fi
}

# start LOG COMMAND...: in the background, ended with this script.
start() {
  local log=$1
  shift
  "$@" >"$work/$log" 2>&1 &
  pids+=("$!")
}

# wait_for LOG PATTERN: prints the first line that matches, once it is there.
wait_for() {
  local deadline=$((SECONDS + 20))
  until grep -m 1 -E "$2" "$work/$1" 2>/dev/null; do
    if ((SECONDS > deadline)); then
      echo "demo: no line like /$2/ in $1:" >&2
      cat "$work/$1" >&2
      return 1
    fi
    sleep 0.05
  done
}

# field NAME: the value of NAME in the JSON or text log line on standard input.
field() {
  sed -nE "s/.*\b$1\"?[=:]\"?([^\", ]+).*/\1/p"
}

free_port() {
  /usr/bin/python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# token NAME SCOPE: NAME.json, a new key, and NAME.token, bound to it.
token() {
  "$ctl" dev keygen --alg EdDSA --out "$work/$1.json"
  "$ctl" dev token --key "$work/as-key.json" --issuer https://as.example \
    --audience mqtt-broker-1 --subject "$1" --scope "$2" --expires-in 5m \
    --cnf-key "$work/$1.json" --format jwt >"$work/$1.token"
}

# The clients' exit status says whether something was refused; here that is
# judged by expect.
mqttjs() {
  node examples/mqttjs/ace_client.mjs --url "mqtts://$address" \
    --ca "$work/ca.crt" "$@" >"$work/answers" 2>&1 || true
}

paho() {
  /usr/bin/python3 examples/python/ace_client.py --host "${address%:*}" \
    --port "${address##*:}" --ca "$work/ca.crt" "$@" >"$work/answers" 2>&1 ||
    true
}

title 'Setting up and building (the first time takes a few minutes)'
read -ra startup <<<"${BAZEL_STARTUP_FLAGS-}"
read -ra flags <<<"${BAZEL_BUILD_FLAGS-}"
bash test/setup.sh
bazel "${startup[@]}" build "${flags[@]}" //proxy:sluice-proxy \
  //policy:sluice-policy //policy:sluicectl
bin=$(bazel "${startup[@]}" info "${flags[@]}" bazel-bin 2>/dev/null)
ctl=$bin/policy/sluicectl

title 'Starting Mosquitto, sluice-policy and sluice-proxy on this machine'
examples/config/dev_keys.sh "$ctl" "$work" >/dev/null
broker=127.0.0.1:$(free_port)
printf 'listener %s 127.0.0.1\nallow_anonymous true\n' "${broker##*:}" \
  >"$work/mosquitto.conf"
start mosquitto.log "$(PATH=$PATH:/usr/sbin command -v mosquitto)" \
  -c "$work/mosquitto.conf"
wait_for mosquitto.log running >/dev/null

sed 's/^address: .*/address: 127.0.0.1:0/' examples/config/policy.yaml \
  >"$work/policy.yaml"
start policy.log "$bin/policy/sluice-policy" --config "$work/policy.yaml"
policy=$(wait_for policy.log '\bready\b' | field address)

sed -e "s/127.0.0.1:8883/127.0.0.1:0/; s/127.0.0.1:1883/$broker/" \
  -e "s/127.0.0.1:50051/$policy/; s/127.0.0.1:9901/127.0.0.1:0/" \
  examples/config/proxy.yaml >"$work/proxy.yaml"
start proxy.log "$bin/proxy/sluice-proxy" --config "$work/proxy.yaml"
address=$(wait_for proxy.log '\bready\b' | field mqtts)
note "  client -- TLS --> sluice-proxy $address -- plain --> mosquitto $broker"
note "                    asks sluice-policy $policy"

title 'Two tokens, each bound to a key of its own'
token boiler '[["plant/boiler/#",["pub"]]]'
token panel '[["plant/#",["sub"]]]'
echo '  boiler may publish to   plant/boiler/#'
echo '  panel  may subscribe to plant/#'

title 'MQTT 5 (MQTT.js): the boiler proves its key over the TLS connection'
mqttjs --token "$work/boiler.token" --key "$work/boiler.json" --id boiler \
  --publish plant/boiler/temperature=91 --publish plant/valve=open \
  --subscribe 'plant/#'
expect allowed 'CONNECT with token and proof' 'CONNACK 0x00' \
  'signed by a known issuer, for this broker, and the key was proven'
expect allowed 'PUBLISH plant/boiler/temperature' 'PUBACK .*temperature 0x00' \
  'within plant/boiler/#'
expect refused 'PUBLISH plant/valve' 'PUBACK plant/valve 0x87' \
  'outside the scope: 0x87 Not authorized; the connection stays'
expect refused 'SUBSCRIBE plant/#' 'SUBACK plant/# 0x87' \
  'the scope has "pub" only'

title 'MQTT 5 (MQTT.js): the panel proves its key by answering a challenge'
mqttjs --token "$work/panel.token" --key "$work/panel.json" --id panel \
  --pop challenge --subscribe 'plant/+/temperature' --subscribe 'admin/#'
expect allowed 'SUBSCRIBE plant/+/temperature' 'SUBACK .*temperature 0x01' \
  'a subset of plant/#'
expect refused 'SUBSCRIBE admin/#' 'SUBACK admin/# 0x87' \
  'no granted filter covers it'

title 'MQTT 5 (MQTT.js): a stolen token without its key'
mqttjs --token "$work/boiler.token" --key "$work/panel.json" --id thief
expect refused 'CONNECT with the boiler'"'"'s token' 'CONNACK 0x87' \
  'the proof was made with another key; the broker never hears of it'

title 'MQTT 3.1.1 (paho): the panel, with the token in the User Name'
paho --token "$work/panel.token" --key "$work/panel.json" --id panel311 \
  --subscribe 'plant/#' --subscribe 'admin/#' --publish plant/valve=open
expect allowed 'SUBSCRIBE plant/#' 'SUBACK 0x01' 'within the scope'
expect refused 'SUBSCRIBE admin/#' 'SUBACK 0x80' \
  'MQTT 3.1.1 has only one code for "no"'
expect refused 'PUBLISH plant/valve' 'closed by the broker' \
  'MQTT 3.1.1 acks carry no code, so the connection ends'

title 'The panel (MQTT.js) listens, the boiler (paho) sends'
start panel.log node examples/mqttjs/ace_client.mjs --url "mqtts://$address" \
  --ca "$work/ca.crt" --token "$work/panel.token" --key "$work/panel.json" \
  --id panel --subscribe 'plant/boiler/+' --messages 1
wait_for panel.log SUBACK >/dev/null
paho --token "$work/boiler.token" --key "$work/boiler.json" --id boiler311 \
  --publish plant/boiler/pressure=3
expect allowed 'PUBLISH plant/boiler/pressure' 'acknowledged .*pressure' \
  'within plant/boiler/#'
wait_for panel.log '^PUBLISH' >"$work/answers"
expect allowed 'delivery to the panel' 'PUBLISH plant/boiler/pressure 3' \
  'each delivery is judged too: within plant/#'

title 'What the proxy logged of a refusal'
wait_for proxy.log 'plant/valve' | sed 's/^/  /'

if ((wrong)); then
  title "${red}Not everything went as expected. The logs:$plain"
  tail -n 50 "$work"/{mosquitto,policy,proxy}.log
else
  title "${green}All as expected.$plain"
fi
exit "$wrong"
