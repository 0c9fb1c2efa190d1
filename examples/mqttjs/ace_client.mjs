#!/usr/bin/env node
// An MQTT 5 client that authenticates with an ACE token; see --help.
import fs from 'node:fs';
import {parseArgs} from 'node:util';
import {connect} from './ace.mjs';

const USAGE = `usage: ace_client.mjs --url mqtts://HOST:PORT --ca FILE
    [--token FILE|- --key JWK-FILE [--pop exporter|challenge]]
    [--id CLIENT-ID] [--qos 0|1|2] [--publish TOPIC=MESSAGE]...
    [--subscribe FILTER]... [--messages N]
Prints each answer with its MQTT reason code. Ends after N messages (default 0).
Exit status: 0 all answers good, 1 something was refused, 2 wrong usage.`;

const OPTIONS = {
  'url': {type: 'string'},
  'ca': {type: 'string'},
  'token': {type: 'string'},
  'key': {type: 'string'},
  'pop': {type: 'string', default: 'exporter'},
  'id': {type: 'string', default: ''},
  'qos': {type: 'string', default: '1'},
  'publish': {type: 'string', multiple: true, default: []},
  'subscribe': {type: 'string', multiple: true, default: []},
  'messages': {type: 'string', default: '0'},
  'help': {type: 'boolean'},
};

class WrongUsage extends Error {}

// Throws WrongUsage where a value is none that its option takes.
function check({qos, pop, messages, token, key}) {
  if (!/^[012]$/.test(qos)) throw new WrongUsage('--qos is 0, 1 or 2');
  if (!['exporter', 'challenge'].includes(pop)) {
    throw new WrongUsage('--pop is exporter or challenge');
  }
  if (!/^\d+$/.test(messages)) throw new WrongUsage('--messages is a number');
  if (token && !key) throw new WrongUsage('--token needs --key');
}

// Prints `what` with its reason code; a refusal becomes the exit status.
function report(what, code = 0) {
  if (code >= 0x80) process.exitCode = 1;
  console.log(`${what} 0x${code.toString(16).padStart(2, '0')}`);
}

// Waits until the broker has accepted or refused the client.
async function accepted(client, closed) {
  const outcome = await Promise.race([
    new Promise((resolve) => client.once('connect', resolve)),
    new Promise((resolve) => client.once('error', (error) => resolve({error}))),
    closed.then(() => ({error: {}})),
  ]);
  report('CONNACK', outcome.error ? outcome.error.code || 0x80 :
                                    outcome.reasonCode);
  return !outcome.error;
}

// The bytes of a token. Text, as of a JWT, may have white space around it; of a
// CWT, which begins with no ASCII character, every byte counts.
function readToken(file) {
  const token = fs.readFileSync(file === '-' ? 0 : file);
  return token[0] < 0x80 ? Buffer.from(token.toString().trim()) : token;
}

// The private JWK in a file.
function readKey(file) {
  const text = fs.readFileSync(file, 'utf8');
  try {
    const key = JSON.parse(text);
    if (typeof key?.kty === 'string') return key;
  } catch {
    // PEM, for example.
  }
  throw new WrongUsage(`--key: ${file} is no JWK`);
}

async function run(args) {
  const client = await connect({
    url: args.url,
    ca: fs.readFileSync(args.ca),
    token: args.token && readToken(args.token),
    key: args.key && readKey(args.key),
    pop: args.pop,
    options: {clientId: args.id},
  });
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.on('disconnect', (packet) => report('DISCONNECT', packet.reasonCode));
  if (!await accepted(client, closed)) return;
  client.on('error', (error) => report(`error: ${error.message}`, 0x80));

  const qos = Number(args.qos);
  let left = Number(args.messages);
  const received = new Promise((resolve) => {
    if (left <= 0) resolve();
    client.on('message', (topic, payload) => {
      console.log(`PUBLISH ${topic} ${payload}`);
      if (--left === 0) resolve();
    });
  });
  // An operation ends with its answer, or with the connection.
  const answered = (start) => Promise.race([new Promise(start), closed]);
  for (const filter of args.subscribe) {
    await answered((done) => client.subscribe(
        filter, {qos}, (error, granted, packet) => {
          report(`SUBACK ${filter}`, packet?.granted[0] ?? 0x80);
          done();
        }));
  }
  for (const item of args.publish) {
    const [topic, ...message] = item.split('=');
    await answered((done) => client.publish(
        topic, message.join('='), {qos}, (error, packet) => {
          const code = packet?.reasonCode ?? (error ? error.code ?? 0x80 : 0);
          if (qos === 1) report(`PUBACK ${topic}`, code);
          if (qos === 2) report(`PUBREC ${topic}`, code);
          done();
        }));
  }
  await Promise.race([received, closed]);
  client.end();
  await closed;
}

try {
  const {values} = parseArgs({options: OPTIONS});
  if (values.help || !values.url || !values.ca) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
  } else {
    check(values);
    await run(values);
  }
} catch (error) {
  console.error(`ace_client: ${error.message}`);
  const usage = error instanceof WrongUsage ||
      error.code?.startsWith('ERR_PARSE_ARGS');
  process.exit(usage ? 2 : 1);  // whatever connection there is
}
