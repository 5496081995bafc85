#!/usr/bin/env node
// A policy for Shoal in one file of JavaScript: Node 18 or later, its built-in modules, nothing else. It was written from
// api/plugin/v1/common.proto and policy.proto alone. Copy parts 1 to 4 for a policy of your own, and write another part 5.
//
//   1. Protobuf        the messages that are used, as the .proto files have them, and a codec for them
//   2. Certificate     the self-signed one that mutual TLS needs
//   3. gRPC            calls over HTTP/2: frames, trailers, statuses
//   4. Plugin          the handshake with the host, and the end
//   5. Policy          who is linked to, asked, fed: the part that is worth reading twice

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';

// ---------------------------------------------------------------------------------------------------------------------
// 1. Protobuf
// ---------------------------------------------------------------------------------------------------------------------

// The text is that of the .proto files, less what this policy neither reads nor says: unknown fields are passed over. Two
// types are called otherwise. "set" is a uint64 of which every bit counts, a BigInt here; other integers are Numbers,
// exact up to 2^53, which is a hundred days of nanoseconds. "Pair" is what an entry of a map is on the wire.
const schema = parse(`
  message DescribeRequest {}
  message DescribeResponse { repeated Offer offers = 1; string version = 2; }
  message Offer { Kind kind = 1; string name = 2; }
  enum Kind { KIND_POLICY = 2; }
  message Ended { Failure failure = 1; }
  message Failure { repeated Code codes = 1; string text = 2; }
  enum Code { CODE_PARAMETER = 20; }
  message Stop {}

  message DecideRequest { oneof request { OpenPolicy open = 1; Batch batch = 2; Stop stop = 3; } }
  message DecideResponse { oneof response { PolicyOpened opened = 1; Ended ended = 2; Answer answer = 3; } }
  message OpenPolicy { string name = 1; repeated Pair params = 2; }
  message Pair { string key = 1; string value = 2; }
  message PolicyOpened {}
  message Batch { uint64 revision = 1; int64 now = 2; bool snapshot = 3; repeated Change changes = 4; }
  message Answer { uint64 revision = 1; repeated Action actions = 2; int64 wake_at = 3; }

  message Change { oneof change {
    StreamChange stream = 1; CapacityChange capacity = 2; CandidatesChange candidates = 3; LinkUpChange link_up = 4;
    LinkDownChange link_down = 5; DialFailedChange dial_failed = 6; PeerStatusChange peer_status = 7;
    LinkMeasuredChange link_measured = 8; SubstreamMeasuredChange substream_measured = 9; SubscribedChange subscribed = 10;
    UnsubscribedChange unsubscribed = 11; FeedingChange feeding = 12; SilentChange silent = 13; OrderChange order = 17;
    RefusedChange refused = 18;
  } }
  message StreamChange { bytes self = 2; Role role = 3; uint32 substreams = 5; uint64 rate = 6; uint32 max_links = 9; }
  message CapacityChange { uint64 cap = 1; uint64 measured = 2; bool shown = 4; }
  message CandidatesChange { repeated Candidate peers = 1; }
  message Candidate { bytes peer = 1; Role role = 2; }
  message LinkUpChange { uint64 link = 1; bytes peer = 2; Role role = 3; PeerStatus status = 5; int64 rtt = 6; }
  message LinkDownChange { uint64 link = 1; }
  message DialFailedChange { bytes peer = 1; }
  message PeerStatusChange { uint64 link = 1; PeerStatus status = 2; }
  message PeerStatus { uint64 spare = 2; set relays = 3; uint32 delay = 4; uint32 playing = 6; }
  message LinkMeasuredChange { uint64 link = 1; int64 rtt = 2; uint64 sent_rate = 3; int64 queue = 7; }
  message SubstreamMeasuredChange { uint64 link = 1; uint32 substream = 2; int64 lateness = 3; uint32 samples = 4; }
  message SubscribedChange { uint64 link = 1; uint32 substream = 2; Mode mode = 3; }
  message UnsubscribedChange { uint64 link = 1; uint32 substream = 2; }
  message FeedingChange { uint64 link = 1; uint32 substream = 2; Mode mode = 3; Reason reason = 4; }
  message SilentChange { uint64 link = 1; uint32 substream = 2; }
  message OrderChange { Action action = 1; }
  message RefusedChange { Action action = 1; RefusedReason reason = 2; }

  message Action { oneof action {
    PushAction push = 1; AnnounceAction announce = 2; RepairAction repair = 3; SubscribeAction subscribe = 4;
    RefuseAction refuse = 5; ConnectAction connect = 8; IntroduceAction introduce = 10; TellAction tell = 11;
  } }
  message PushAction { uint32 substream = 1; repeated Target to = 2; }
  message Target { uint64 link = 1; Class class = 2; }
  message AnnounceAction { uint64 link = 1; int64 every = 2; }
  message RepairAction { double deviations = 1; int64 slack = 2; double share = 3; }
  message SubscribeAction { uint64 link = 1; set substreams = 2; Mode mode = 3; }
  message RefuseAction { uint64 link = 1; uint32 substream = 2; Reason reason = 3; }
  message ConnectAction { bytes peer = 1; }
  message IntroduceAction { uint32 count = 1; }
  message TellAction { set relays = 1; uint64 spare = 2; set open = 3; }

  enum Role { ROLE_SOURCE = 1; ROLE_HELPER = 2; ROLE_VIEWER = 3; }
  enum Mode { MODE_UNSPECIFIED = 0; MODE_LAZY = 1; MODE_EAGER = 2; }
  enum Reason { REASON_NO_CAPACITY = 2; REASON_WOULD_LOOP = 4; }
  enum Class { CLASS_INTERIOR = 2; CLASS_LEAF = 3; }
  enum RefusedReason { REFUSED_REASON_NO_LINK = 1; }

  message HealthCheckRequest {}
  message HealthCheckResponse { ServingStatus status = 1; }
  enum ServingStatus { SERVING = 1; }
`);
const { ROLE_SOURCE, ROLE_VIEWER, MODE_LAZY, MODE_EAGER, REASON_NO_CAPACITY, REASON_WOULD_LOOP } = schema.enums;
const { CLASS_INTERIOR, CLASS_LEAF, REFUSED_REASON_NO_LINK } = schema.enums;

// parse reads the messages and enums of a .proto.
function parse(text) {
  const messages = { __proto__: null }, enums = { __proto__: null };
  for (const [, kind, name, body] of text.matchAll(/(message|enum) (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}/g)) {
    if (kind === 'enum') {
      for (const [, word, number] of body.matchAll(/(\w+) = (\d+);/g)) enums[word] = Number(number);
      continue;
    }
    const message = messages[name] = { byNumber: [], byName: { __proto__: null }, zeros: {}, lists: [] };
    for (const [, repeated, type, field, number] of body.matchAll(/(repeated )?(\w+) (\w+) = (\d+);/g)) {
      message.byName[field] = message.byNumber[number] = { number: Number(number), name: field, type, repeated };
      if (repeated) message.lists.push(field);
    }
  }
  const zeros = { bool: false, double: 0, string: '', bytes: Buffer.alloc(0), set: 0n };
  for (const message of Object.values(messages)) {
    for (const field of Object.values(message.byName)) {
      field.of = messages[field.type]; // undefined for what is no message
      field.wire = field.of || field.type === 'string' || field.type === 'bytes' ? 2 : field.type === 'double' ? 1 : 0;
      if (!field.of && !field.repeated) message.zeros[field.name] = zeros[field.type] ?? 0; // any other is an integer
    }
  }
  return { ...messages, enums };
}

// Reader reads the least parts of a message. What goes beyond its end is an error.
class Reader {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }

  take(n) {
    if (n > this.bytes.length - this.at) throw new Error('a message ends in the middle');
    return this.bytes.subarray(this.at, this.at += n);
  }

  number() {
    let n = 0;
    for (let unit = 1, more = true; more; unit *= 128) {
      if (this.at >= this.bytes.length) throw new Error('a message ends in the middle');
      const b = this.bytes[this.at++];
      n += (b & 127) * unit;
      more = b > 127;
    }
    return n;
  }

  set() {
    let n = 0n;
    for (let shift = 0n, more = true; more; shift += 7n) {
      const b = this.take(1)[0];
      n |= BigInt(b & 127) << shift;
      more = b > 127;
    }
    return BigInt.asUintN(64, n);
  }

  value(wire, type) {
    switch (wire) {
      case 0: return type === 'set' ? this.set() : this.number();
      case 1: return this.take(8);
      case 2: return this.take(this.number());
      case 5: return this.take(4);
    }
    throw new Error(`a field of wire type ${wire}`);
  }
}

// decode gives an object with all fields of the message, or with the one field of a oneof that is there.
function decode(message, bytes) {
  const out = { ...message.zeros };
  for (const name of message.lists) out[name] = [];
  for (const r = new Reader(bytes); r.at < bytes.length;) {
    const tag = r.number(), field = message.byNumber[tag >>> 3];
    let value = r.value(tag & 7, field?.type);
    if (field?.wire !== (tag & 7)) continue; // not known here
    if (field.of) value = decode(field.of, value);
    else if (field.type === 'string') value = value.toString();
    else if (field.type === 'double') value = value.readDoubleLE();
    else if (field.type === 'bool') value = value !== 0;
    if (field.repeated) out[field.name].push(value);
    else out[field.name] = value;
  }
  return out;
}

// encode gives the bytes of an object, in which zeros may be left out.
function encode(message, value) {
  const out = [];
  for (const name in value) {
    const field = message.byName[name];
    if (!field) continue;
    for (const v of field.repeated ? value[name] : [value[name]]) {
      if (!v && !field.repeated) continue; // a zero is not sent
      varint(out, field.number << 3 | field.wire);
      if (field.wire === 0) {
        varint(out, v);
        continue;
      }
      const bytes = field.of ? encode(field.of, v) : Buffer.from(field.type === 'double' ? new Float64Array([v]).buffer : v);
      if (field.wire === 2) varint(out, bytes.length);
      for (const b of bytes) out.push(b);
    }
  }
  return out;
}

function varint(out, n) {
  if (typeof n === 'bigint') {
    for (; n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
    n = Number(n);
  }
  for (; n > 127; n = Math.floor(n / 128)) out.push(n % 128 | 128);
  out.push(Number(n));
}

// ---------------------------------------------------------------------------------------------------------------------
// 2. Certificate
// ---------------------------------------------------------------------------------------------------------------------

// certificate makes a key on P-256 and a certificate of it for "localhost", the name that the host asks for. Node can read
// X.509 but not write it, so this spells out the DER of RFC 5280. The host trusts this certificate and no other.
function certificate() {
  const der = (tag, ...parts) => {
    const body = Buffer.concat(parts.map((p) => Buffer.from(p)));
    const n = body.length; // the shortest form is the only one that is allowed
    const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const sequence = (...parts) => der(0x30, ...parts);
  const oid = (hex) => der(0x06, Buffer.from(hex, 'hex'));
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSHA256 = sequence(oid('2a8648ce3d040302'));
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, 'localhost')))); // commonName
  const since = new Date(Date.now() - 60_000).toISOString().replace(/\D/g, '').slice(2, 14) + 'Z';
  const alternative = sequence(oid('551d11'), der(0x04, sequence(der(0x82, 'localhost')))); // subjectAltName, a DNS name
  const content = sequence(
    der(0xa0, der(0x02, [2])), // version 3
    der(0x02, [1], randomBytes(15)), // serial number
    ecdsaWithSHA256,
    name, // issuer
    sequence(der(0x17, since), der(0x18, '99991231235959Z')), // validity
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternative)), // extensions
  );
  const cert = sequence(content, ecdsaWithSHA256, der(0x03, [0], sign('sha256', content, privateKey)));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert };
}

const pem = (cert) => `-----BEGIN CERTIFICATE-----\n${cert.toString('base64')}\n-----END CERTIFICATE-----\n`;

// ---------------------------------------------------------------------------------------------------------------------
// 3. gRPC
// ---------------------------------------------------------------------------------------------------------------------

const OK = 0, UNIMPLEMENTED = 12, INTERNAL = 13;
const longestMessage = 9 << 20; // bytes, as common.proto says
const window = 1 << 20; // bytes that may be under way, for a call and in all

// method describes a call: the types of its messages, and what is done with each that comes. call.send answers, call.end
// ends the call, and call itself is the place for what has to be remembered until then.
const method = (request, response, receive) => ({ request: schema[request], response: schema[response], receive });

// listen serves methods, by path, on a Unix socket to a host that proves to be the one of hostCert.
function listen(path, { key, cert }, hostCert, methods, ready) {
  const server = createSecureServer({
    key, cert: pem(cert), ca: hostCert, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3',
    settings: { initialWindowSize: window },
  });
  server.on('session', (session) => session.setLocalWindowSize(window));
  server.on('stream', (stream, headers) => answer(stream, methods[headers[':path']]));
  server.on('tlsClientError', (error) => log('warn', 'a connection that is not the host\'s', { error: error.message }));
  server.listen(path, ready);
}

// answer carries one call: a response of HTTP whose trailers say how the call went.
function answer(stream, method) {
  const head = { ':status': 200, 'content-type': 'application/grpc' };
  stream.on('error', () => {}); // the host has given the call up, and knows
  if (!method) {
    stream.respond({ ...head, 'grpc-status': UNIMPLEMENTED, 'grpc-message': 'no such method' }, { endStream: true });
    return;
  }
  let status = { 'grpc-status': OK };
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(status));
  const call = {
    send(message) {
      const body = encode(method.response, message), prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(body.length, 1);
      stream.write(Buffer.concat([prefix, Buffer.from(body)]));
    },
    end() { stream.end(); },
  };
  const take = unframe((message) => method.receive(decode(method.request, message), call));
  stream.on('data', (part) => {
    try {
      take(part);
    } catch (error) { // it ends this call; others go on
      log('error', 'a call failed', { error: error.stack });
      status = { 'grpc-status': INTERNAL, 'grpc-message': encodeURIComponent(error.message) };
      stream.removeAllListeners('data').resume().end();
    }
  });
  stream.on('end', () => stream.end());
}

// unframe gives a function that takes the parts of a stream, and calls each with every message in it. A message of gRPC is
// a byte that says whether it is compressed, four of its length, and itself.
function unframe(each) {
  let parts = [], have = 0, need = 5;
  return (part) => {
    parts.push(part);
    have += part.length;
    while (have >= need) {
      let all = Buffer.concat(parts);
      const length = all.readUInt32BE(1);
      if (all[0] !== 0 || length > longestMessage) throw new Error('a message that is compressed or too long');
      if (have >= 5 + length) {
        each(all.subarray(5, 5 + length));
        all = all.subarray(5 + length);
        need = 5;
      } else {
        need = 5 + length;
      }
      [parts, have] = [[all], all.length];
    }
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// 4. Plugin
// ---------------------------------------------------------------------------------------------------------------------

// log writes a record as the host takes it apart: with its level, its text, and further keys.
function log(level, message, more) {
  process.stderr.write(JSON.stringify({ '@level': level, '@message': message, ...more }) + '\n');
}

// serve offers one policy until the host is gone. make(params) makes it for one stream, and throws a BadParameter.
function serve(name, make) {
  const { SHOAL_PLUGIN, PLUGIN_CLIENT_CERT, PLUGIN_UNIX_SOCKET_DIR } = process.env;
  if (SHOAL_PLUGIN !== '1d1e2cb7' || !PLUGIN_CLIENT_CERT || !PLUGIN_UNIX_SOCKET_DIR) {
    process.stderr.write('this program is a Shoal plugin: name its path in shoal.yml, or run `shoal plugin test` on it\n');
    process.exit(1);
  }
  process.on('SIGINT', () => {}); // it is the host that acts on Ctrl-C
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();

  const decide = (request, call) => {
    if (request.batch) {
      call.send({ answer: call.policy.step(request.batch) });
    } else if (request.open) {
      try {
        call.policy = make(Object.fromEntries(request.open.params.map(({ key, value }) => [key, value])));
        call.send({ opened: {} }); // without the data channel: an answer is small
      } catch (error) {
        if (!(error instanceof BadParameter)) throw error;
        const failure = { codes: [schema.enums.CODE_PARAMETER], text: `policy ${name}: ${error.message}` };
        call.send({ ended: { failure } });
        call.end();
      }
    } else if (request.stop) {
      call.send({ ended: {} });
      call.end();
    }
  };
  const once = (response) => (_, call) => {
    call.send(response);
    call.end();
  };
  const description = { offers: [{ kind: schema.enums.KIND_POLICY, name }], version: '1.0.0' };
  const health = { status: schema.enums.SERVING };
  const methods = {
    '/shoal.plugin.v1.PluginService/Describe': method('DescribeRequest', 'DescribeResponse', once(description)),
    '/shoal.plugin.v1.PolicyService/Decide': method('DecideRequest', 'DecideResponse', decide),
    '/grpc.health.v1.Health/Check': method('HealthCheckRequest', 'HealthCheckResponse', once(health)),
  };
  const identity = certificate(), socket = join(PLUGIN_UNIX_SOCKET_DIR, 'grpc');
  listen(socket, identity, PLUGIN_CLIENT_CERT, methods, () => {
    process.stdout.write(`1|1|unix|${socket}|grpc|${identity.cert.toString('base64').replace(/=+$/, '')}\n`);
  });
}

class BadParameter extends Error {}

// ---------------------------------------------------------------------------------------------------------------------
// 5. Policy
// ---------------------------------------------------------------------------------------------------------------------

// The stream comes in substreams, and each is handed on along a tree of its own. A hash of its key and of the substream's
// number gives every peer a place in a line, another one for each substream, and a peer follows only those before it: so no
// two ever wait for one another, and whoever is first in one line is last in others, which spreads the work. Who finds
// nobody before it takes a seat at the source, which gives its few seats to the first in the line. Of those before it, a
// peer follows whoever is nearest by the delay that it tells and half of the round trip. What is late all the same the
// engine asks for, of a few neighbours that announce what they hold.

const ms = 1e6, second = 1e9; // nanoseconds
const neighbours = 12; // links that are sought
const listeners = 3; // neighbours that are asked to announce what they hold
const tick = 250 * ms; // how often a peer looks around when nothing calls for it
const grace = 200 * ms; // that a joiner without neighbours waits for some before it asks the source
const patience = second; // for a new feeder to deliver, and of a substream without one
const settled = 3 * second; // before a feeder that delivers is compared with others
const gain = 25 * ms; // that another must be nearer by
const offence = 5 * second; // before a feeder that failed is asked again
const mostActions = 4096; // of an answer
const mostCandidates = 256; // that are remembered

class Nearest {
  constructor(copies) {
    this.copies = copies;
    this.reset(0);
  }

  reset(now) {
    Object.assign(this, {
      now, began: now, nextTick: now, nextCompare: now + second, nextIntroduce: now, introduceWait: second / 2,
      self: 0, role: 0, substreams: 0, rate: 1, maxLinks: 0, capacity: { cap: 0, measured: 0, shown: false },
      links: new Map(), candidates: new Map(), // by id; by key
      pushes: [], former: [], // by substream: the targets in force, and those before them
      hungry: [], // by substream: since when nobody feeds it, 0 while somebody does
      repairs: false, told: { relays: -1n, spare: 0, at: 0 },
    });
  }

  get all() { return [...this.links.values()]; }

  // step answers a batch: first what has happened is taken in, then what follows from it is done.
  step({ revision, now, snapshot, changes }) {
    if (snapshot) this.reset(now);
    this.now = now;
    this.actions = [];
    for (const change of changes) for (const kind in change) fold[kind](this, change[kind]);
    const due = now >= this.nextTick;
    if (due) this.nextTick = now + tick;
    if (this.role !== ROLE_SOURCE) this.meet();
    if (this.substreams > 0) { // what is streamed is known
      if (this.role !== ROLE_SOURCE) {
        if (!this.repairs) this.do({ repair: { deviations: 4, slack: 20 * ms, share: 0.1 } });
        this.feed();
        this.listen();
      }
      this.grant();
      this.announce();
      if (due) this.tell();
    }
    const more = this.actions.length >= mostActions; // then the rest follows in a moment
    return { revision, actions: this.actions, wake_at: more ? now + 10 * ms : this.nextTick };
  }

  // do puts an action into the answer if there is room, and takes it for done: a refusal takes it back.
  do(action) {
    if (this.actions.length >= mostActions) return false;
    this.actions.push(action);
    for (const kind in action) did[kind]?.(this, action[kind]);
    return true;
  }

  // meet links to the source, which waits to be dialed, and to some others, drawn by a hash of both keys.
  meet() {
    const linked = new Set(this.all.map((l) => l.key)), candidates = [...this.candidates.values()];
    const dialing = candidates.filter((c) => c.dialing).length;
    let missing = Math.min(neighbours, Math.max(this.maxLinks - 2, 1)) - linked.size - dialing;
    const draw = (c) => (c.role === ROLE_SOURCE ? -1 : mix(c.hash ^ this.self));
    const free = candidates.filter((c) => !c.dialing && !linked.has(c.key) && this.now >= c.retry && c.hash !== this.self);
    for (const c of free.sort((a, b) => draw(a) - draw(b))) {
      if ((missing > 0 || c.role === ROLE_SOURCE) && this.do({ connect: { peer: c.peer } })) missing--;
    }
    if (missing > 0 && this.now >= this.nextIntroduce && this.do({ introduce: { count: missing } })) {
      this.nextIntroduce = this.now + this.introduceWait;
      this.introduceWait = Math.min(2 * this.introduceWait, 8 * second);
    }
  }

  // feed sees to it that each substream has one feeder, and makes before it breaks: while the old one still delivers a
  // nearer one is asked, and the farther of the two goes once the other delivers.
  feed() {
    const asks = new Map(); // by link: the substreams to ask for
    const compare = this.now >= this.nextCompare;
    if (compare) this.nextCompare = this.now + second;
    let swaps = 4; // at one comparison
    for (let k = 0; k < this.substreams; k++) {
      const feeders = this.all.filter((l) => l.feeds[k].mode === MODE_EAGER), [old] = feeders;
      this.hungry[k] = feeders.some((l) => !this.failed(l, k)) ? 0 : this.hungry[k] || this.now;
      if (feeders.length > 1) {
        const worst = feeders.reduce((a, b) => (this.distance(b, k) > this.distance(a, k) ? b : a));
        if (!feeders.some((l) => l !== worst && l.feeds[k].flows) && !feeders.every((l) => this.failed(l, k))) continue;
        if (this.failed(worst, k)) worst.feeds[k].avoid = this.now + offence;
        this.do({ subscribe: { link: worst.id, substreams: bit(k) } });
      } else if (!old || this.failed(old, k) || compare && swaps > 0 && this.now >= old.feeds[k].since + settled) {
        const best = this.nearest(k);
        if (!best || old && this.distance(best, k) + gain >= this.distance(old, k)) continue;
        if (old) swaps--;
        best.asked++;
        asks.set(best, (asks.get(best) ?? 0n) | bit(k));
      }
    }
    for (const [link, substreams] of asks) this.do({ subscribe: { link: link.id, substreams, mode: MODE_EAGER } });
  }

  // nearest is who to ask for substream k, if anybody. A peer that has missed it for too long leaves the line and follows
  // whoever has room; so does one whose uplink carries nothing. Neither is followed, so there is no circle even then.
  nearest(k) {
    const anybody = this.hungry[k] > 0 && this.now >= this.hungry[k] + patience || this.limit() < this.seat();
    const early = this.now < this.began + grace && this.candidates.size > 1 && this.links.size < 2;
    const able = (l) => {
      if (l.feeds[k].mode === MODE_EAGER || l.asks[k] === MODE_EAGER || this.now < l.feeds[k].avoid) return false;
      if (l.role === ROLE_SOURCE) return !early;
      const room = l.status.spare >= (l.asked + 1) * this.seat();
      return room && (l.status.relays & bit(k)) !== 0n && (anybody || this.before(l, k));
    };
    return this.all.filter(able).sort((a, b) => this.distance(a, k) - this.distance(b, k))[0];
  }

  // before reports whether l is before this peer in the line of substream k. The source is before everybody.
  before(l, k) { return l.role === ROLE_SOURCE || mix(l.hash ^ k) < mix(this.self ^ k); }

  // relays reports whether this peer hands substream k on.
  relays(k) {
    return this.limit() >= this.seat() && this.all.every((l) => l.feeds[k].mode !== MODE_EAGER || this.before(l, k));
  }

  // distance is how far l is as a feeder of substream k, in nanoseconds. Whoever is before comes first, the source last.
  distance(l, k) {
    if (this.failed(l, k)) return Infinity;
    if (l.role === ROLE_SOURCE) return second;
    const late = l.feeds[k].mode === MODE_EAGER ? l.feeds[k].lateness : 0;
    return l.rtt / 2 + l.status.delay * ms + late + (this.before(l, k) ? 0 : second / 2);
  }

  // failed reports whether l was asked for substream k and does not deliver.
  failed(l, k) {
    const { mode, flows, silent, since } = l.feeds[k];
    return mode === MODE_EAGER && !flows && (silent || this.now >= since + patience);
  }

  // listen keeps some neighbours announcing whatever they do not push: of them the engine asks what is late.
  listen() {
    const listens = (l) => l.feeds.some((f) => f.mode === MODE_LAZY);
    const far = (l) => (l.role === ROLE_SOURCE ? 60 : l.status.playing ? 0 : 30) * second + l.rtt / 2 + l.status.delay * ms;
    let missing = listeners - this.all.filter(listens).length;
    for (const l of this.all.sort((a, b) => far(a) - far(b))) {
      const idle = l.feeds.reduce((set, f, k) => (f.mode === 0 && this.now >= f.avoid ? set | bit(k) : set), 0n);
      if (idle === 0n || missing <= 0 && !listens(l)) continue;
      if (!listens(l)) missing--;
      this.do({ subscribe: { link: l.id, substreams: idle, mode: MODE_LAZY } });
    }
  }

  // grant answers subscriptions: a seat while the uplink carries it. What was granted stays, unless the uplink has turned
  // out to carry much less, the line was left, or, at the source, somebody comes who is before in the line.
  grant() {
    const affordable = this.limit() / this.seat(), source = this.role === ROLE_SOURCE;
    const copies = Math.min(this.copies, Math.max(1, Math.floor(affordable / this.substreams)));
    const eager = (k) => (l) => l?.asks[k] === MODE_EAGER;
    const seated = this.pushes.map((to, k) => to.map((t) => this.links.get(t.link)).filter(eager(k)));
    let seats = seated.reduce((n, list) => n + list.length, 0);
    for (let k = 0; k < seated.length; k++) {
      const fresh = this.all.filter(eager(k)).filter((l) => !seated[k].includes(l)), list = [...seated[k], ...fresh];
      seats += fresh.length;
      if (source) list.sort((a, b) => mix(a.hash ^ k) - mix(b.hash ^ k));
      const most = !this.relays(k) ? 0 : source ? copies : Infinity;
      for (let last; (last = list.at(-1)); seats--) {
        const slack = !source && seated[k].includes(last) ? 1.15 : 1;
        if (list.length <= most && seats <= slack * affordable) break;
        list.pop();
        this.do({ refuse: { link: last.id, substream: k, reason: REASON_NO_CAPACITY } });
      }
      const rank = (l) => ((l.status.relays & bit(k)) !== 0n ? CLASS_INTERIOR : CLASS_LEAF);
      const to = list.map((l) => ({ link: l.id, class: rank(l) })).sort((a, b) => a.class - b.class);
      const same = (t, i) => t.link === this.pushes[k][i]?.link && t.class === this.pushes[k][i].class;
      if (to.length !== this.pushes[k].length || !to.every(same)) this.do({ push: { substream: k, to } });
    }
  }

  // announce tells those who listen what is held: few of them often, since it costs the same whatever is held.
  announce() {
    let n = 0;
    for (const l of this.all) {
      const every = !l.asks.includes(MODE_LAZY) ? 0 : n++ < 2 * listeners ? tick : 3 * tick;
      if (every !== l.announce && this.now >= l.muted) this.do({ announce: { link: l.id, every } });
    }
  }

  // tell lets the neighbours know which substreams come in and are handed on here, in which there is room, and what is left of the uplink: when what
  // they ask for depends on it, else once a second.
  tell() {
    const left = this.limit() - this.pushes.reduce((n, to) => n + to.length, 0) * this.seat();
    const spare = Math.floor(Math.min(Math.max(left, 0), 2 ** 40));
    let relays = 0n;
    for (let k = 0; k < this.substreams; k++) {
      if (this.relays(k) && this.all.some((l) => l.feeds[k].mode === MODE_EAGER && l.feeds[k].flows)) relays |= bit(k);
    }
    const urgent = relays !== this.told.relays || (spare < this.seat()) !== (this.told.spare < this.seat());
    if (!urgent && (spare === this.told.spare || this.now < this.told.at + second)) return;
    const open = spare < this.seat() ? 0n : relays;
    if (this.do({ tell: { relays, spare, open } })) this.told = { relays, spare, at: this.now };
  }

  // seat is what one substream takes of an uplink, in bytes per second.
  seat() { return this.rate / this.substreams; }

  // limit is what may be promised, in bytes per second. An uplink that was never full was never measured: two streams are
  // ventured, and where chunks have to wait, it carries what leaves. Whoever is no viewer has volunteered.
  limit() {
    const { cap, measured, shown } = this.capacity;
    if (cap > 0) return 0.95 * (shown ? Math.min(measured, cap) : cap);
    if (this.role !== ROLE_VIEWER) return Infinity;
    const busy = this.all.filter((l) => l.sentRate > 0), waiting = busy.filter((l) => l.queue > 100 * ms);
    if (2 * waiting.length > busy.length) return 0.9 * busy.reduce((n, l) => n + l.sentRate, 0);
    return 0.9 * Math.max(shown ? measured : 0, 2 * this.rate);
  }
}

// onLink and onFeed make a fold of what concerns one link, or one substream of one; what is not there is passed over.
const onLink = (f) => (p, c) => {
  const l = p.links.get(c.link);
  if (l) f(l, c, p);
};
const onFeed = (f) => onLink((l, c, p) => {
  if (c.substream < p.substreams) f(l.feeds[c.substream], c, p, l);
});

// fold takes changes in, by the names of their fields.
const fold = {
  stream(p, c) {
    Object.assign(p, { self: hash(c.self), role: c.role, rate: c.rate || 150_000, maxLinks: c.max_links });
    if (c.substreams === p.substreams || c.substreams > 64) return;
    p.substreams = c.substreams; // all that counts by it begins anew
    p.pushes = Array.from({ length: c.substreams }, () => []);
    p.former = Array.from({ length: c.substreams }, () => []);
    p.hungry = new Array(c.substreams).fill(0);
    for (const l of p.all) Object.assign(l, blank(c.substreams));
  },
  capacity(p, c) { p.capacity = c; },
  candidates(p, c) {
    for (const { peer, role } of c.peers) {
      const key = peer.toString('hex');
      const fresh = { key, peer, hash: hash(peer), dialing: false, failures: 0, retry: 0 };
      p.candidates.set(key, { ...fresh, ...p.candidates.get(key), role });
      if (p.candidates.size > mostCandidates) p.candidates.delete(p.candidates.keys().next().value); // the oldest
    }
  },
  link_up(p, c) {
    const key = c.peer.toString('hex'), { link: id, role, status } = c;
    if (p.candidates.has(key)) p.candidates.get(key).dialing = false;
    const known = { id, key, hash: hash(c.peer), role, since: p.now, rtt: c.rtt || 20 * ms, sentRate: 0, queue: 0 };
    p.links.set(id, { ...known, status, asked: 0, announce: 0, muted: 0, ...blank(p.substreams) });
  },
  link_down: onLink((l, c, p) => {
    p.links.delete(l.id);
    p.pushes = p.pushes.map((to) => to.filter((t) => t.link !== l.id));
    if (p.candidates.has(l.key) && p.now >= l.since + 10 * second) p.candidates.get(l.key).failures = 0; // it had lasted
    miss(p, l.key);
  }),
  dial_failed(p, c) { miss(p, c.peer.toString('hex')); },
  peer_status: onLink((l, c) => Object.assign(l, { status: c.status, asked: 0 })),
  link_measured: onLink((l, c) => Object.assign(l, { rtt: c.rtt || 20 * ms, sentRate: c.sent_rate, queue: c.queue })),
  substream_measured: onFeed((f, c) => Object.assign(f, { lateness: c.lateness })),
  subscribed: onFeed((f, c, p, l) => { l.asks[c.substream] = c.mode; }),
  unsubscribed(p, c) { did.refuse(p, c); },
  feeding: onFeed((f, c, p, l) => {
    const wait = c.reason === REASON_WOULD_LOOP || l.role === ROLE_SOURCE ? 3 * second : second;
    Object.assign(f, c.mode !== 0 ? { mode: c.mode, flows: true, silent: false } : { mode: 0, avoid: p.now + wait });
  }),
  silent: onFeed((f) => Object.assign(f, { flows: false, silent: true })),
  order(p, { action }) { for (const kind in action) did[kind]?.(p, action[kind]); },
  refused(p, { action, reason }) { for (const kind in action) undo[kind]?.(p, action[kind], reason); },
};

// did takes in what an action leaves in force once it is carried out.
const did = {
  push(p, a) {
    if (a.substream >= p.substreams) return;
    p.former[a.substream] = p.pushes[a.substream];
    p.pushes[a.substream] = a.to;
  },
  announce: onLink((l, a) => { l.announce = a.every; }),
  repair(p, a) { p.repairs = a.share > 0; },
  subscribe: onLink((l, a, p) => l.feeds.forEach((f, k) => {
    if ((a.substreams & bit(k)) === 0n) return;
    Object.assign(f, { mode: a.mode ?? 0, since: p.now, flows: false, silent: false, lateness: 0 });
  })),
  refuse: onFeed((f, a, p, l) => {
    l.asks[a.substream] = 0;
    p.pushes[a.substream] = p.pushes[a.substream].filter((t) => t.link !== l.id);
  }),
  connect(p, a) { p.candidates.get(a.peer.toString('hex')).dialing = true; },
};

// undo takes back what did assumed of an action, and sees to it that the same is not asked for again at once.
const undo = {
  push(p, a, reason) {
    if (reason === REFUSED_REASON_NO_LINK || a.substream >= p.substreams) return; // the rest of it is in force
    const former = p.former[a.substream];
    const fresh = a.to.filter((t) => p.links.has(t.link) && !former.some((f) => f.link === t.link));
    if (fresh.length > 0) p.pushes[a.substream] = former.filter((t) => p.links.has(t.link));
    for (const { link } of fresh) p.do({ refuse: { link, substream: a.substream, reason: REASON_NO_CAPACITY } });
  },
  announce: onLink((l, a, p) => Object.assign(l, { announce: 0, muted: p.now + second })),
  subscribe: onLink((l, a, p) => l.feeds.forEach((f, k) => {
    if ((a.substreams & bit(k)) !== 0n) Object.assign(f, { mode: 0, avoid: p.now + second });
  })),
  connect(p, a) { miss(p, a.peer.toString('hex')); },
};

// miss counts a dial or a link that came to nothing: the next waits twice as long.
function miss(p, key) {
  const c = p.candidates.get(key);
  if (c) Object.assign(c, { dialing: false, retry: p.now + Math.min(second * 2 ** c.failures++, 30 * second) });
}

// blank is what a link has of each substream: what it gives us, and the mode in which it wants ours.
const blank = (substreams) => {
  const feed = { mode: 0, since: 0, flows: false, silent: false, lateness: 0, avoid: 0 };
  return { feeds: Array.from({ length: substreams }, () => ({ ...feed })), asks: new Array(substreams).fill(0) };
};

const bit = (k) => 1n << BigInt(k);

// mix scrambles 32 bits, and hash makes 32 of a key: the same at every peer, as the line wants it.
function mix(x) {
  x = Math.imul(x ^ x >>> 16, 0x85ebca6b);
  x = Math.imul(x ^ x >>> 13, 0xc2b2ae35);
  return (x ^ x >>> 16) >>> 0;
}
const hash = (key) => key.reduce((h, b) => mix(h ^ b), 0);

serve('nearest', ({ copies = '3', ...others }) => {
  for (const name in others) throw new BadParameter(`no parameter "${name}" (have: copies)`);
  if (!/^([1-9]|1[0-6])$/.test(copies)) throw new BadParameter(`copies: "${copies}" is not a whole number from 1 to 16`);
  return new Nearest(Number(copies)); // seats at the source, for each substream
});
