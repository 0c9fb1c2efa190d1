#!/usr/bin/env node
// Many MQTT.js clients with ACE tokens, as devices in the field are: each keeps
// connected, to another proxy where one is gone, and publishes numbers, one after
// the other, that another client receives.
//
// usage: clients.mjs CONFIG
//
// CONFIG is JSON: {ca: FILE, urls: [...], clients: [{id, version, url, token,
// key, publish, subscribe}]}; `url` is the place in `urls` of a client's first
// proxy. What happens is written to standard output, a line of JSON each:
// {id, event: connected | refused | disconnected | closed, code?}. Commands come
// on standard input: {op: token, id, token} gives a client another token,
// {op: report} asks for {report: {ID: {...}}}.
import fs from 'node:fs';
import readline from 'node:readline';
import {connect, connectV311} from '../../examples/mqttjs/ace.mjs';

const PUBLISH_INTERVAL = 100;  // milliseconds
const RETRY_INTERVAL = 200;

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const ca = fs.readFileSync(config.ca);

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Device {
  constructor(settings) {
    Object.assign(this, settings);
    this.proxy = this.url;
    this.sent = 0;
    this.acknowledged = [];
    this.denied = 0;
    this.received = new Set();
    this.connected = false;
  }

  say(event, code) {
    print({id: this.id, event, code, proxy: this.proxy});
  }

  // Connects again and again.
  async run() {
    for (;;) {
      await this.session();
      await after(RETRY_INTERVAL);
      this.proxy = (this.proxy + 1) % config.urls.length;
    }
  }

  // From one connection to its end.
  async session() {
    const v5 = this.version === 5;
    let client;
    try {
      client = await (v5 ? connect : connectV311)({
        url: config.urls[this.proxy], ca, token: Buffer.from(this.token),
        key: this.key,
        options: {
          clientId: this.id, clean: false, keepalive: 5,
          ...(v5 && {properties: {sessionExpiryInterval: 3600}}),
        },
      });
    } catch {
      return;  // nobody listens there
    }
    let known = false;
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.on('error', (error) => {
      if (!this.connected) this.say('refused', error.code);
    });
    client.on('disconnect', (packet) => {
      known = true;
      this.say('disconnected', packet.reasonCode);
    });
    client.on('message', (topic, payload) => this.received.add(Number(payload)));
    client.on('connect', () => {
      this.connected = true;
      this.say('connected');
      client.subscribe(this.subscribe, {qos: 1},
                       () => this.publishTo(client, closed));
    });
    await closed;
    if (this.connected && !known) this.say('closed');
    this.connected = false;
    client.end(true);
  }

  // Until the connection is closed.
  async publishTo(client, closed) {
    const lost = closed.then(() => new Error('closed'));
    while (client.connected) {
      const number = this.sent++;
      const error = await Promise.race([
        lost,
        new Promise((resolve) => client.publish(
            this.publish, String(number), {qos: 1}, resolve)),
      ]);
      if (!error) this.acknowledged.push(number);
      if (error?.code === 0x87) ++this.denied;
      await after(PUBLISH_INTERVAL);
    }
  }

  report() {
    return {
      connected: this.connected, proxy: this.proxy, denied: this.denied,
      acknowledged: this.acknowledged, received: [...this.received],
    };
  }
}

const devices = new Map(
    config.clients.map((settings) => [settings.id, new Device(settings)]));
const commands = {
  token: ({id, token}) => devices.get(id).token = token,
  report: () => print({report: Object.fromEntries(
      [...devices].map(([id, device]) => [id, device.report()]))}),
};
readline.createInterface({input: process.stdin})
    .on('line', (line) => {
      const command = JSON.parse(line);
      commands[command.op](command);
    })
    .on('close', () => process.exit(0));
for (const device of devices.values()) device.run();
