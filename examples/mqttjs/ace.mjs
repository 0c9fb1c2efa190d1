// MQTT.js with ACE tokens (RFC 9431): enhanced authentication by method `ace`.
import crypto from 'node:crypto';
import tls from 'node:tls';
import mqtt from 'mqtt';

const EXPORTER_LABEL = 'EXPORTER-ACE-MQTT-Sign-Challenge';
const METHOD = 'ace';

// The proof of possession: a MAC or signature over `content` with the private
// JWK `key`. HS256, Ed25519 and ES256, the last as raw r||s like in JOSE.
export function proofOf(key, content) {
  if (key.kty === 'oct') {
    const secret = Buffer.from(key.k, 'base64url');
    return crypto.createHmac('sha256', secret).update(content).digest();
  }
  const privateKey = crypto.createPrivateKey({key, format: 'jwk'});
  return key.kty === 'OKP' ?
      crypto.sign(null, content, privateKey) :
      crypto.sign('sha256', content,
                  {key: privateKey, dsaEncoding: 'ieee-p1363'});
}

function lengthPrefixed(bytes) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

// Resolves with a TLS socket whose handshake is done.
function openTls({host, port, ca}) {
  const servername = /^[\d.:]+$/.test(host) ? '' : host;
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
        {host, port, ca, servername, ALPNProtocols: ['mqtt']},
        () => resolve(socket));
    socket.once('error', reject);
  });
}

// Returns an MQTT.js client that is connecting. `url` is mqtts://host:port,
// `ca` PEM, `token` a Buffer, `key` a private JWK, `pop` exporter | challenge;
// without a token the client is anonymous. `options` are MQTT.js's own.
//
// The proof may need a secret of the TLS connection, so the handshake comes
// first and MQTT starts on the finished socket. Each connection needs a proof
// of its own: to reconnect, call connect() again.
export async function connect(
    {url, ca, token, key, pop = 'exporter', options = {}}) {
  const {hostname, port} = new URL(url);
  const socket = await openTls({host: hostname, port: port || 8883, ca});
  const properties = {...options.properties};
  if (token) {
    properties.authenticationMethod = METHOD;
    properties.authenticationData = lengthPrefixed(token);
  }
  if (token && pop === 'exporter') {
    const content = socket.exportKeyingMaterial(32, EXPORTER_LABEL);
    properties.authenticationData = Buffer.concat(
        [properties.authenticationData, proofOf(key, content)]);
  }
  const client = new mqtt.MqttClient(
      () => socket,
      {protocolVersion: 5, reconnectPeriod: 0, ...options, properties});
  // The broker's 8 bytes are answered with 8 of ours and a proof over both.
  client.handleAuth = ({properties: {authenticationData}}, callback) => {
    const nonce = crypto.randomBytes(8);
    const proof = proofOf(key, Buffer.concat([authenticationData, nonce]));
    callback(null, {
      cmd: 'auth',
      reasonCode: 0x18,
      properties: {
        authenticationMethod: METHOD,
        authenticationData: Buffer.concat([nonce, proof]),
      },
    });
  };
  return client;
}

// The same for a client of MQTT 3.1.1: the token is the User Name, and the proof,
// over a secret of the TLS connection, the Password.
export async function connectV311({url, ca, token, key, options = {}}) {
  const {hostname, port} = new URL(url);
  const socket = await openTls({host: hostname, port: port || 8883, ca});
  const content = socket.exportKeyingMaterial(32, EXPORTER_LABEL);
  return new mqtt.MqttClient(() => socket, {
    protocolVersion: 4,
    reconnectPeriod: 0,
    ...options,
    username: `ace${token.toString('base64url')}`,
    password: proofOf(key, content),
  });
}
